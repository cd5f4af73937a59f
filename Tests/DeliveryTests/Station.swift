// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Events
import Mailbox
import Message
import Queue
import Runtime
import Spool
import Testing

/// A spool in a folder with users and an agent, driven by hand.
final class Station {
  let folder = Folder()
  let disk = LinuxDisk()
  let clock = Monitor<Int64>(1_360_231_200_000_000)
  let reports = Monitor<[DeliveryReport]>([])
  /// What bounce(8) and cleanup(8) would log.
  let events = Monitor<[Event]>([])
  var rules = ReportRules(postmaster: "pm@example.com", doubleBounceSender: "double-bounce@vm")
  private(set) var spool: Spool
  private let users: UserDirectory
  var directory: UserDirectory { users }

  static let domain = "example.com"

  /// The users ann, bob and evil are virtual, with Maildirs below mail/; system users are looked up in `system`.
  init(system: [SystemUser] = []) throws {
    for name in ["mail", "spool"] { folder.make(name) }
    let table = ["ann@example.com": "ann/", "bob@example.com": "example.com/bob/", "evil@example.com": "../../evil/"]
    users = UserDirectory(
      UserSettings(virtualMailboxBase: "\(folder.path)/mail"), virtualMailbox: { table[$0] },
      systemUser: { name throws(SystemError) in system.first { $0.name == name } })
    spool = try Self.open(folder, disk, clock)
  }

  private static func open(_ folder: Folder, _ disk: LinuxDisk, _ clock: Monitor<Int64>) throws -> Spool {
    var settings = SpoolSettings()
    settings.segmentSize = 8 << 20
    settings.noteDelay = .zero
    let spool = try Spool(folder: "\(folder.path)/spool", disk: disk, settings: settings, clock: { clock.withLock { $0 } })
    spool.begin()
    return spool
  }

  func agent(_ transport: (any SystemUserTransport)? = nil, luserRelay: LuserRelay? = nil, isSoft: Bool = false) -> LocalAgent {
    let (clock, reports) = (clock, reports)
    var settings = SchedulerSettings()
    settings.softBounce = isSoft
    settings.doubleBounceSender = rules.doubleBounceSender
    return LocalAgent(
      spool, worker: 0, disk: disk, users: users, transport: transport, settings: settings, luserRelay: luserRelay, senders: reporter(),
      clock: { clock.withLock { $0 } },
      report: { report in reports.withLock { $0.append(report) } })
  }

  /// Addresses of example.com and vm are virtual.
  func reporter(
    sizeLimit: Int = 50_000,
    offload: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool = { body in
      body()
      return true
    }
  ) -> SenderReporter {
    let (clock, events) = (clock, events)
    let writer = ReportWriter(hostname: "vm", origin: "vm", product: "Weir")
    var settings = SenderReporter.Settings(rules: rules, writer: writer, hostname: "vm")
    settings.sizeLimit = sizeLimit
    let means = SenderReporter.Means(
      offload: offload,
      resolve: { Recipient(address: $0, original: $0, route: $0.hasSuffix("@example.com") || $0.hasSuffix("@vm") ? .virtual : .remote) },
      clock: { clock.withLock { $0 } }, zone: { _ in .utc }, log: { event in events.withLock { $0.append(event) } })
    return SenderReporter(settings, spool: spool, means: means)
  }

  /// What was logged besides deliveries.
  var lines: [String] { events.withLock { $0.map(\.text) } }

  /// The reports that were queued: sender, recipient and content.
  func queuedReports() throws -> [(sender: String, recipient: String, content: String)] {
    while spool.runOnce() {}
    return try spool.list().filter { $0.sender.isEmpty || $0.sender == rules.doubleBounceSender }.map { listing in
      let content = Monitor<[UInt8]>([])
      _ = try spool.withContent(listing.id) { pieces in content.withLock { for piece in pieces { $0 += piece } } }
      return (listing.sender, listing.recipients.first?.address ?? "", String(decoding: content.withLock { $0 }, as: UTF8.self))
    }
  }

  func advance(seconds: Int64) { clock.withLock { $0 += seconds * 1_000_000 } }

  /// Commits a message.
  @discardableResult
  func accept(_ content: String, to recipients: Recipient..., sender: String = "carl@example.net", ret: Envelope.ReturnContent? = nil) -> QueueID {
    let id = spool.nextQueueID()
    let bytes = Array(content.utf8)
    _ = spool.memory.take(bytes.count)
    let envelope = Envelope(sender: sender, arrival: clock.withLock { $0 }, host: "vm", recipients: recipients, returnContent: ret)
    let outcome = Monitor<CommitOutcome?>(nil)
    spool.submit(IncomingMessage(id: id, envelope: envelope, content: .memory([ContentChunk(bytes)]))) { result in outcome.withLock { $0 = result } }
    while spool.runOnce() {}
    #expect(outcome.withLock { $0 } == .committed)
    return id
  }

  /// Writes notes down, and makes mailboxes stable.
  func settle(sync: Bool = true) {
    if sync { spool.syncMailboxes(isDue: false) }
    while spool.runOnce() {}
  }

  var newFiles: [String] { folder.list("mail/ann/new") }
}

extension Recipient {
  static func virtual(_ name: String, original: String? = nil, notify: Notify = []) -> Recipient {
    Recipient(address: "\(name)@example.com", original: original ?? "\(name)@example.com", route: .virtual, notify: notify)
  }

  static func local(_ name: String) -> Recipient { Recipient(address: "\(name)@example.com", original: "\(name)@example.com", route: .local) }
}
