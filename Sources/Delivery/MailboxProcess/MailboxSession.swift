// SPDX-License-Identifier: Apache-2.0
import Bytes
import Mailbox
import Message
import Queue
import Runtime
import SMTP

/// One connection of the mailbox process: performs the LMTP machine's actions, blocking. Belongs to one thread.
final class MailboxSession {
  let service: MailboxService
  let stream: BlockingStream
  private let isTrusted: Bool
  private let volumes: Volumes
  private let writer: MailboxWriter
  private var machine: ServerMachine
  private var framer: LineFramer
  var input = ByteBuffer()
  var output = ByteBuffer()
  private var content = ByteBuffer()
  /// The file that the transaction under way is to become.
  private var order: MailboxExtension.FileOrder?
  /// File systems with files of this session that are not known to be durable, and the number of these.
  private var pending: (devices: Set<UInt64>, files: Int) = ([], 0)
  private var identity: (actor: Actor, until: Int64)?
  /// This thread may be somebody else than the process is.
  private var hasAssumed = false
  var isOver = false

  init(_ service: MailboxService, _ stream: BlockingStream, isTrusted: Bool) {
    self.service = service
    self.stream = stream
    self.isTrusted = isTrusted
    // A descriptor's syncfs tells of a failure once, so each session has its own.
    volumes = Volumes(disk: service.disk)
    writer = MailboxWriter(disk: service.disk, volume: volumes.volume)
    machine = ServerMachine(context: ServerContext(service.settings.server), client: Client(address: nil, name: "local"))
    framer = LineFramer(maximumLength: service.settings.server.lineLengthLimit)
  }

  func run() {
    perform(machine.connected())
    while !isOver {
      if machine.expectsContent, feedContent() { continue }
      if !machine.expectsContent, feedLine() { continue }
      if !isOver { receive() }
    }
    flush()
  }

  // MARK: what comes in

  private func receive() {
    flush()
    guard !isOver else { return }
    switch stream.read(into: &input, timeout: service.settings.timeout) {
    case .received: break
    case .timedOut: perform(machine.timedOut())
    case .endOfStream, .interrupted, .failed: isOver = true
    }
  }

  /// Hands one line to the machine; false if there is none.
  private func feedLine() -> Bool {
    let frame = input.withReadable { framer.next(in: $0) }
    switch frame {
    case .needMore: return false
    case .skip(let consumed): input.consume(consumed)
    case .tooLong(let consumed):
      input.consume(consumed)
      perform(machine.lineOverflowed())
    case .line(let length, let consumed, _):
      let line = input.withReadable { Array($0[..<length]) }
      input.consume(consumed)
      take(line)
    }
    return true
  }

  private func take(_ line: [UInt8]) {
    if isTrusted, let command = MailboxExtension.parse(String(decoding: line, as: UTF8.self)) { return obey(command) }
    let isHello = line.prefix(4).elementsEqual("LHLO".utf8) || line.prefix(4).elementsEqual("lhlo".utf8)
    let action = line.withUnsafeBytes { machine.lineReceived($0.bytes) }
    guard isTrusted, isHello, case .reply(let reply) = action, !reply.isNegative else { return perform(action) }
    perform(.reply(Reply(reply.code, reply.status, "\(reply.text)\n\(MailboxExtension.keyword)")))
  }

  /// Hands what has come to the machine as content; false if nothing has.
  private func feedContent() -> Bool {
    guard !input.isEmpty else { return false }
    let progress = input.withReadable { machine.contentReceived($0, into: &content) }
    input.consume(progress.consumed)
    if let action = progress.action { perform(action) }
    return true
  }

  // MARK: what goes out

  private func perform(_ action: Action) {
    var next: Action? = action
    while let action = next { next = performOnce(action) }
    if !machine.holdsContent, !content.isEmpty { content.removeAll() }
  }

  private func performOnce(_ action: Action) -> Action? {
    switch action {
    case .reply(let reply), .receiveContent(let reply): reply.write(to: &output)
    case .replies(let replies): for reply in replies { reply.write(to: &output) }
    case .close(let replies):
      for reply in replies { reply.write(to: &output) }
      isOver = true
    // Not offered here.
    case .startTLS: isOver = true
    case .receiveChunk: break
    case .resolveRecipient(let query): return machine.recipientResolved(resolve(query))
    case .commit: return machine.messageCommitted(.each(deliver()))
    case .restart: return machine.connected()
    case .judge: return machine.judged(Verdict())
    }
    return nil
  }

  private func flush() {
    let outcome = output.withReadable { $0.isEmpty ? .written : stream.write($0, timeout: service.settings.timeout) }
    output.removeAll()
    if outcome != .written { isOver = true }
  }

  private func obey(_ command: MailboxExtension.Command) {
    switch command {
    case .malformed: Reply(501, EnhancedStatus(5, 5, 4), "Syntax error in parameters or arguments").write(to: &output)
    case .forward(let address): tellForward(address)
    case .program(let order, let content): perform(order: order, content: content)
    case .file(let order):
      self.order = order
      Reply(250, EnhancedStatus(2, 0, 0), "Ok").write(to: &output)
    case .stable: makeStable()
    }
  }

  private func makeStable() {
    let (devices, files) = pending
    pending = ([], 0)
    do throws(DiskError) {
      for device in devices { try volumes.synchronize(device) }
      Reply(250, EnhancedStatus(2, 0, 0), "\(files)").write(to: &output)
    } catch {
      service.note("warning: \(error)")
      Reply(451, EnhancedStatus(4, 3, 0), error.description).write(to: &output)
    }
  }
}

// MARK: what it does

extension MailboxSession {
  private func resolve(_ query: RecipientQuery) -> RecipientVerdict {
    guard let route = query.destination.route else { return .unknownUser }
    do throws(UserLookupError) {
      return try service.users.isUser(query.address.address, route, now: service.clock()) ? .accepted : .unknownUser
    } catch {
      service.note("warning: <\(query.address.address)>: \(error.text)")
      return .temporaryFailure
    }
  }

  /// Writes the content for each recipient; answers the replies.
  private func deliver() -> [Reply] {
    guard let transaction = machine.transaction else { return [] }
    let order = order
    self.order = nil
    guard order == nil || transaction.recipients.count == 1 else {
      return transaction.recipients.map { _ in Reply(503, EnhancedStatus(5, 5, 1), "XFILE is for one recipient") }
    }
    let now = service.clock()
    writer.beginBatch()
    return transaction.recipients.enumerated().map { index, recipient in
      deliver(recipient, order, sender: transaction.sender.address, index: index, now)
    }
  }

  private func deliver(_ recipient: AcceptedRecipient, _ order: MailboxExtension.FileOrder?, sender: String, index: Int, _ now: Int64) -> Reply {
    let address = recipient.address.address
    do throws(UserLookupError) {
      guard let route = recipient.destination.route, let mailbox = try service.users.find(address, route, now: now), let owner = mailbox.owner
      else { return Reply(550, EnhancedStatus(5, 1, 1), "<\(address)> User unknown") }
      try become(Actor(owner, mailbox, service.disk), now)
      if route == .local, let order, !order.isFinal, hasForward(address, owner) {
        return Reply(MailboxExtension.forwarded, EnhancedStatus(2, 1, 5), "<\(address)> has a .forward file")
      }
      let original = recipient.original.mailbox.address
      let header = DeliveryHeaders.compose(sender: sender, original: original, recipient: address, deliveredTo: mailbox.prependsDeliveredTo)
      let name = order?.name ?? service.uniqueName(now, index)
      let copy = MailboxWriter.Copy(
        mailbox: mailbox, name: name, sender: sender, arrival: order?.arrival ?? now, header: order == nil ? header : [],
        replay: order?.replay ?? .none,
        isDurable: order == nil)
      return reply(write(copy, now), to: address)
    } catch {
      return Reply(error.status.hasPrefix("5") ? 550 : 451, EnhancedStatus(error.status), "<\(address)> \(error.text)")
    }
  }

  private func write(_ copy: MailboxWriter.Copy, _ now: Int64) -> MailboxWriter.Outcome {
    content.withReadable { writer.put(copy, now: now, BufferedMail(bytes: $0)) }
  }

  private func reply(_ outcome: MailboxWriter.Outcome, to address: String) -> Reply {
    switch outcome {
    case .written(let delivery):
      if delivery.isDurable { return Reply(250, EnhancedStatus(2, 0, 0), MailboxExtension.stable) }
      pending.devices.insert(delivery.device)
      pending.files &+= 1
      return Reply(250, EnhancedStatus(2, 0, 0), MailboxExtension.written)
    case .stable: return Reply(250, EnhancedStatus(2, 0, 0), MailboxExtension.stable)
    case .failed(let error): return Reply(error.replyCode, EnhancedStatus(error.status), error.text)
    case .unreadable: return Reply(451, EnhancedStatus(4, 3, 0), "<\(address)> the content was lost")
    }
  }

  /// Lets this thread act on files as somebody. Groups are asked for anew now and then.
  func become(_ actor: Actor, _ now: Int64) throws(UserLookupError) {
    let user = actor.user
    if user.uid == SystemUser.currentUID, !hasAssumed { return }
    if let identity, identity.actor == actor, now < identity.until, now >= identity.until - MailboxSession.identityLifetime { return }
    identity = nil
    hasAssumed = true
    do throws(SystemError) {
      var groups = actor.groups ?? []
      if actor.groups == nil { groups = try user.groups() }
      try Identity.assume(user, groups: groups)
    } catch {
      throw .unavailable("cannot act as \(user.name.isEmpty ? "uid \(user.uid)" : user.name): \(error)")
    }
    identity = (actor, max(0, min(now, .max - MailboxSession.identityLifetime)) + MailboxSession.identityLifetime)
  }

  /// Microseconds.
  private static let identityLifetime: Int64 = 5_000_000
}

extension EnhancedStatus {
  /// From `4.2.0`; anything else is 4.0.0.
  package init(_ text: String) {
    let parts = text.split(separator: ".").map { UInt16($0) ?? 0 }
    if parts.count == 3 { self.init(UInt8(clamping: parts[0]), parts[1], parts[2]) } else { self.init(4, 0, 0) }
  }
}

/// Content in memory.
struct BufferedMail: MailContent {
  let bytes: UnsafeRawBufferPointer

  var size: Int64 { Int64(bytes.count) }

  func forEachBlock(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) -> Bool {
    try body([bytes])
    return true
  }
}
