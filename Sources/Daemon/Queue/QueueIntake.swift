// SPDX-License-Identifier: Apache-2.0
import Bytes
import PluginHost
import Queue
import Runtime
import SMTP
import Spool

/// Takes messages in over the control socket as they are: envelope, age and content. No stage looks at them, for one has.
struct QueueIntake: Sendable {
  let spool: Spool
  let pool: BlockingPool
  let relay: RelayPolicy
  let host: String

  /// `import LENGTH LENGTH hold|go`: the envelope and the content follow.
  struct Request {
    let envelope: Int
    let content: Int
    let isHeld: Bool

    init?(_ line: String) {
      let words = line.split(separator: " ")
      guard words.count == 4, words[0] == "import", let envelope = Int(words[1]), let content = Int(words[2]) else { return nil }
      guard (1...PortableMessage.maximumLength).contains(envelope), (0...QueueIntake.maximumLength).contains(content) else { return nil }
      (self.envelope, self.content, isHeld) = (envelope, content, words[3] == "hold")
    }
  }

  static let maximumLength = 512 << 20

  func take(_ request: Request, _ envelope: [UInt8], _ content: ContentChunk) async -> QueueAnswer {
    guard let message = PortableMessage(String(decoding: envelope, as: UTF8.self)) else {
      return QueueAnswer(status: ExitStatus.dataError, text: "its envelope makes no sense\n")
    }
    let id = spool.nextQueueID()
    guard let stored = await store(id, content) else { return QueueAnswer(status: ExitStatus.systemError, text: "the spool has no room for it\n") }
    guard let envelope = await pool.run({ self.addressed(message) }) ?? nil else {
      return QueueAnswer(status: ExitStatus.temporaryFailure, text: "a table has no answer for now\n")
    }
    let hold = request.isHeld ? Reason(status: "4.7.0", text: "held: it was imported so") : nil
    let outcome = await spool.commit(IncomingMessage(id: id, envelope: envelope, content: stored, hold: hold))
    switch outcome {
    case .committed: return QueueAnswer(text: "\(id)\n")
    case .insufficientStorage(let cause), .localError(let cause): return QueueAnswer(status: ExitStatus.systemError, text: cause + "\n")
    }
  }

  private func store(_ id: QueueID, _ content: ContentChunk) async -> IncomingMessage.Content? {
    guard content.count > spool.settings.bigMessageSize else {
      spool.memory.claim(content.count)
      return .memory([content])
    }
    let file = await pool.run { [spool] () -> FinishedFile? in
      guard let file = try? spool.makeBigFile(id) else { return nil }
      do {
        try file.write([content.bytes])
        return try file.finish()
      } catch {
        file.abandon()
        return nil
      }
    }
    return (file ?? nil).map { .file($0) }
  }

  /// Nil where it cannot be told for now where a recipient leads. On a thread that may block.
  private func addressed(_ message: PortableMessage) -> Envelope? {
    let (envelope, hasFailed) = Lookups.wait { self.envelope(message) }
    return hasFailed ? nil : envelope
  }

  private func envelope(_ message: PortableMessage) -> Envelope {
    var envelope = Envelope(
      sender: message.sender, arrival: message.arrival > 0 ? message.arrival : wallClock(), host: host,
      recipients: message.recipients.map { recipient in
        let resolved = relay.resolve(Mailbox(address: recipient.address))
        return Recipient(
          address: resolved.address.address, original: recipient.original, route: Recipient.Route(resolved.destination),
          notify: Recipient.Notify(rawValue: recipient.notify), originalRecipient: recipient.originalRecipient)
      }, body: message.hasEightBit ? .eightBitMIME : .sevenBit, smtpUTF8: message.isUTF8, envelopeID: message.envelopeID,
      returnContent: message.returnContent)
    envelope.contentFilter = message.contentFilter
    return envelope
  }
}

extension Recipient.Route {
  fileprivate init(_ destination: Destination) {
    switch destination {
    case .local: self = .local
    case .virtual: self = .virtual
    case .remote: self = .remote
    }
  }
}
