// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Mailbox
import Queue
import Runtime
import Spool

/// The whole way of a message in one thread: spool, delivery to Maildirs, a relay, and readers who take their mail away. It keeps a diary
/// with the number of disk operations done, so that a cut at any operation knows what had been promised by then.
final class World {
  let disk: SimulatedDisk
  let spool: Spool
  private(set) var agent: any Agent
  let clock: ManualClock
  let inbox: Inbox
  private(set) var diary: [Entry] = []

  /// Something that the world outside has seen.
  enum Event: Equatable, Sendable {
    /// The client was told 250.
    case accepted(QueueID)
    /// The client was told 4xx.
    case refused(QueueID)
    /// Another server has taken the message.
    case relayed(QueueID, recipient: Int)
    /// That something happened for the recipient has been written, and synced.
    case noted(QueueID, recipient: Int)
    /// The reader has the message and deletes it from the mailbox.
    case taking(QueueID, recipient: Int)
    /// It is gone from the mailbox for good.
    case taken(QueueID, recipient: Int)
    /// The spool has forgotten it, durably.
    case forgotten(QueueID)
  }

  struct Entry: Sendable {
    let step: Int
    let event: Event
  }

  /// What was handed in.
  struct Sent {
    let content: [UInt8]
    let recipients: [Recipient]
    let arrival: Int64
  }

  private(set) var sent: [QueueID: Sent] = [:]

  /// The folder of the queue.
  static let queue = "lane"

  /// Of the Maildirs.
  let quota: MaildirQuota?

  init(
    _ disk: SimulatedDisk, lane: UInt8 = 0, clock: ManualClock = ManualClock(), settings: SpoolSettings = .tiny, isRelay: Bool = false,
    quota: MaildirQuota? = nil
  ) throws {
    self.quota = quota
    self.disk = disk
    self.clock = clock
    var settings = settings
    if isRelay { settings.ownRoutes = .mailboxes }
    spool = try Spool(Lane(lane, in: World.queue, disk: disk), disk: disk, settings: settings, clock: { clock.now })
    agent = MailboxAgent(spool, disk, quota) { clock.now }
    inbox = Inbox()
    if isRelay { agent = RelayAgent(spool: spool) { [unowned self] id, recipient in log(.relayed(id, recipient: recipient)) } }
  }

  func log(_ event: Event) { diary.append(Entry(step: disk.stepCount, event: event)) }

  // MARK: what a script does

  @discardableResult
  func send(_ content: [UInt8], _ recipients: [Recipient], inFile: Bool = false) -> QueueID? {
    let id = spool.nextQueueID()
    let envelope = Envelope(sender: "s@example.org", arrival: clock.now, host: "mx.example.com", recipients: recipients)
    guard let body = try? content.asContent(spool, id, inFile: inFile) else { return nil }
    sent[id] = Sent(content: content, recipients: recipients, arrival: clock.now)
    let inbox = inbox
    spool.submit(IncomingMessage(id: id, envelope: envelope, content: body)) { [disk] outcome in
      inbox.add(Entry(step: disk.stepCount, event: outcome == .committed ? .accepted(id) : .refused(id)))
    }
    return id
  }

  /// Lets the spool work, and notes what it answered.
  func run() {
    // What a report's completion notes is on disk only when the spool has nothing left to write.
    while spool.runOnce() { diary += inbox.take() }
    collect()
  }

  private func collect() {
    diary += inbox.take()
    for case .accepted(let id) in diary.map(\.event) { collect(id) }
  }

  /// All that was handed to the spool is on disk now.
  private func collect(_ id: QueueID) {
    let listing = try? spool.show(id) ?? nil
    if listing == nil { logOnce(.forgotten(id)) }
    for recipient in sent[id]?.recipients.indices ?? 0..<0 where listing.map({ $0.recipients[recipient].state.isOpen }) != true {
      logOnce(.noted(id, recipient: recipient))
    }
  }

  private func logOnce(_ event: Event) {
    if !diary.contains(where: { $0.event == event }) { log(event) }
  }

  func deliver() {
    agent.deliverReady()
    run()
  }

  func makeStable() {
    spool.syncMailboxes(isDue: false)
    run()
  }

  /// The reader looks at everything and leaves it there.
  func look(_ address: String) throws {
    for name in disk.image.names("mail/\(address)/new") {
      let folder = "mail/\(address)"
      try disk.rename("\(folder)/new/\(name)", at: nil, to: "\(folder)/cur/\(name):2,S", at: nil, replacing: false)
    }
  }

  /// The reader fetches everything and deletes it.
  func take(_ address: String) throws {
    if MailboxAgent.isFile(address) { return try takeFile(address) }
    let folder = try disk.open("mail/\(address)/new", at: nil, [.read, .directory], mode: 0)
    defer { try? disk.close(folder) }
    for name in try disk.list(folder) {
      guard let (id, recipient) = MailboxAgent.parse(name) else { continue }
      log(.taking(id, recipient: recipient))
      try disk.unlink(name, at: folder)
      try disk.synchronize(folder)
      log(.taken(id, recipient: recipient))
    }
  }
}

/// Outcomes, as the committer calls them back.
final class Inbox: Sendable {
  private let outcomes = Monitor<[World.Entry]>([])

  func add(_ entry: World.Entry) { outcomes.withLock { $0.append(entry) } }

  func take() -> [World.Entry] {
    outcomes.withLock { outcomes in
      defer { outcomes = [] }
      return outcomes
    }
  }
}

extension [UInt8] {
  fileprivate func asContent(_ spool: Spool, _ id: QueueID, inFile: Bool) throws -> IncomingMessage.Content {
    guard inFile else { return .memory([ContentChunk(self)]) }
    let file = try spool.makeBigFile(id)
    let result: Result<Void, DiskError> = withUnsafeBytes { bytes in
      do throws(DiskError) { return .success(try file.write([bytes])) } catch { return .failure(error) }
    }
    try result.get()
    return .file(try file.finish())
  }
}

extension SpoolSettings {
  /// Segments of seven pages, so that a script of a few messages uses several.
  static var tiny: SpoolSettings {
    var settings = SpoolSettings()
    settings.segmentSize = 28 << 10
    settings.bigMessageSize = 512
    settings.spareSegments = 1
    return settings
  }
}

/// A clock that tests set.
final class ManualClock: Sendable {
  private let value = Monitor<Int64>(1_700_000_000_000_000)
  var now: Int64 { value.withLock { $0 } }
  func advance(seconds: Int64) { value.withLock { $0 += seconds * 1_000_000 } }
}
