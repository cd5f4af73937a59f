// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP

/// Performs a ServerMachine's actions in memory: what Server does, without socket, spool and user database.
package final class MachineSession {
  package struct Queued: Equatable, Sendable {
    package let sender: String
    package let recipients: [String]
    package let content: [UInt8]
  }

  private var machine: ServerMachine
  private let setup: Transcript.Setup
  private var framer: LineFramer
  private var input = ByteBuffer()
  private var content = ByteBuffer()
  private var output = ByteBuffer()
  private var waitsForTLS = false
  private var nextID = 1
  private var restricting: Restricting?
  package private(set) var isClosed = false
  package private(set) var delay = 0
  package private(set) var notices: [String] = []
  package private(set) var queued: [Queued] = []

  package init(context: ServerContext, setup: Transcript.Setup) {
    restricting = (try? Restricting(setup, context.configuration)) ?? nil
    let client = Client(address: setup.isLMTP ? nil : IPAddress(setup.client), name: setup.clientName)
    machine = ServerMachine(context: context, client: client)
    machine.storageIsLow = setup.storageIsLow
    framer = LineFramer(maximumLength: context.configuration.lineLengthLimit)
    self.setup = setup
    perform(machine.connected())
  }

  package var summary: String { machine.commandSummary }

  /// Everything sent since the last call.
  package func takeOutput() -> [UInt8] {
    defer { output.removeAll() }
    return output.array()
  }

  package func receive(_ bytes: [UInt8]) {
    if isClosed || waitsForTLS { return }
    input.append(bytes)
    while step() {}
  }

  package func tlsStarted() {
    waitsForTLS = false
    if let action = machine.handshakeMade() { return perform(action) }
    machine.tlsStarted(TLSFacts(version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", bits: 256))
  }

  package func timedOut() { perform(machine.timedOut()) }
  package func shutdownBegan() { perform(machine.shutdownBegan()) }

  package func connectionLost() {
    machine.connectionLost()
    isClosed = true
    noteLog()
  }

  /// Takes the next line or piece of content out of the input; false if there is none.
  private func step() -> Bool {
    if isClosed || waitsForTLS { return false }
    return machine.expectsContent ? contentStep() : lineStep()
  }

  private func lineStep() -> Bool {
    switch input.withReadable({ framer.next(in: $0) }) {
    case .needMore: return false
    case .skip(let consumed):
      input.consume(consumed)
      return false
    case .tooLong(let consumed):
      input.consume(consumed)
      perform(machine.lineOverflowed())
    case .line(let length, let consumed, let isBareNewline):
      let action = input.withReadable { bytes in
        machine.lineReceived(
          bytes.slice(0, length).bytes, isBareNewline: isBareNewline, hasMoreInput: bytes.count > consumed)
      }
      input.consume(consumed)
      perform(action)
    }
    return true
  }

  private func contentStep() -> Bool {
    if input.isEmpty { return false }
    return feedContent()
  }

  private func feedContent() -> Bool {
    let progress = input.withReadable { machine.contentReceived($0, into: &content) }
    input.consume(progress.consumed)
    if let action = progress.action { perform(action) }
    return progress.action != nil || progress.consumed > 0
  }

  private func perform(_ action: Action) {
    delay = machine.replyDelay
    noteLog()
    switch action {
    case .reply(let reply): send([reply])
    case .replies(let replies): send(replies)
    case .close(let replies):
      send(replies)
      isClosed = true
    case .startTLS(let reply):
      send([reply])
      input.removeAll()
      waitsForTLS = true
    case .resolveRecipient(let query): perform(machine.recipientResolved(verdict(on: query)))
    case .receiveContent(let reply): send([reply])
    case .receiveChunk: _ = feedContent()
    case .commit: commit()
    case .judge(let request): perform(machine.judged(verdict(on: request)))
    case .restart: perform(machine.connected())
    }
    if !machine.holdsContent { content.removeAll() }
  }

  private func send(_ replies: [Reply]) {
    for reply in replies { reply.write(to: &output) }
  }

  private func noteLog() {
    switch machine.takeNotice() {
    case .reject(let rejection): notices.append("NOQUEUE: \(rejection)")
    case .info(let text): notices.append(text)
    case .warning(let text): notices.append("warning: \(text)")
    case nil: break
    }
  }

  private func verdict(on query: RecipientQuery) -> RecipientVerdict {
    if query.address.localPart == "tempfail" { return .temporaryFailure }
    let name = query.destination == .local ? query.address.localPart : query.address.address.lowercased()
    return setup.users.contains(name) ? .accepted : .unknownUser
  }

  private func verdict(on request: JudgementRequest) -> Verdict {
    var facts = Facts(client: machine.client)
    facts.helo = request.helo ?? (machine.heloName.isEmpty ? nil : machine.heloName)
    facts.protocolName = machine.protocolName
    facts.place = machine.place
    facts.tls = machine.tls
    facts.sender = request.sender ?? machine.transaction?.givenSender
    facts.recipient = request.recipient
    facts.etrnDomain = request.etrnDomain
    facts.recipientCount = machine.transaction?.recipients.count ?? 0
    if facts.recipient == nil, facts.recipientCount == 1 { facts.recipient = machine.transaction?.recipients.first?.original.mailbox }
    facts.hasImproperPipelining = machine.hasImproperPipelining
    let judgement = restricting?.decide(request, facts) { mailbox, destination in
      switch verdict(on: RecipientQuery(address: mailbox, destination: destination)) {
      case .accepted: .listed
      case .refused(let code, let status, let why): .refused(code, status, why)
      case .unknownUser: .unlisted
      case .temporaryFailure: .temporaryFailure
      }
    }
    for note in judgement?.notes ?? [] {
      guard case .session(let word) = note.kind else {
        notices.append("warning: \(note.text)")
        continue
      }
      let verdict = machine.verdict(word, note.text, sender: request.sender, recipient: request.recipient?.address, helo: request.helo)
      notices.append("NOQUEUE: \(verdict)")
    }
    return judgement?.verdict ?? Verdict()
  }

  private func commit() {
    guard let transaction = machine.transaction else { return }
    if transaction.marks.isDiscarded {
      nextID += 1
      return perform(machine.messageCommitted(.queued("Q\(nextID - 1)")))
    }
    switch setup.commit {
    case "full": perform(machine.messageCommitted(.storageFull))
    case "failed": perform(machine.messageCommitted(.writeFailed))
    case "loop": perform(machine.messageCommitted(.looped))
    default: keep(transaction)
    }
  }

  private func keep(_ transaction: Transaction) {
    let id = "Q\(nextID)"
    nextID += 1
    queued.append(
      Queued(
        sender: transaction.sender.address, recipients: transaction.recipients.map(\.address.address), content: content.array()))
    perform(machine.messageCommitted(.queued(id)))
  }
}
