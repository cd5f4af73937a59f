// SPDX-License-Identifier: Apache-2.0
import PluginHost
import Queue
import Runtime
import Spool

/// Local recipients that are more than mailboxes: aliases with commands, files, lists and owners, .forward files, and `mailbox_command`. Who is left after
/// commands and files is sent on to in one new message.
package final class LocalPrograms: Transport {
  /// Queues a message that is sent on; answers its id once it is durable, or nil.
  package typealias Submit = @Sendable (Envelope, [ContentChunk]) async -> QueueID?

  private let performer: any ProgramPerformer
  private let aliases: LocalAliases
  private let addsDeliveredTo: Bool
  private let pool: BlockingPool
  private let hostname: String
  private let clock: @Sendable () -> Int64
  private let submit: Submit

  package init(
    _ performer: any ProgramPerformer, aliases: LocalAliases, addsDeliveredTo: Bool, hostname: String, pool: BlockingPool,
    clock: @escaping @Sendable () -> Int64, submit: @escaping Submit
  ) {
    self.performer = performer
    self.aliases = aliases
    self.addsDeliveredTo = addsDeliveredTo
    self.hostname = hostname
    self.pool = pool
    self.clock = clock
    self.submit = submit
  }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    var results: [RecipientResult] = []
    for due in job.recipients {
      let began = clock()
      let outcome = await deliver(job.message, due.index)
      results.append(
        RecipientResult(due.index, outcome.outcome, outcome.reason, relay: "local", transmission: clock().difference(from: began)))
    }
    return DeliveryResult(results)
  }

  package func probe(_ job: DeliveryJob) async -> DeliveryResult {
    let reason = Reason(status: "2.0.0", text: "delivers to whom an alias or a .forward file names")
    return DeliveryResult(job.recipients.map { RecipientResult($0.index, .sent, reason, relay: "local") })
  }

  private enum Plan: Sendable {
    case done(ProgramOutcome)
    case sendOn(Envelope, [ContentChunk], after: String?)
  }

  private func deliver(_ message: QueuedMessage, _ index: Int) async -> ProgramOutcome {
    let plan: Plan = await pool.run { [self] in makePlan(message, index) } ?? .done(ProgramOutcome(.deferred, "4.3.2", "too many programs at a time"))
    switch plan {
    case .done(let outcome): return outcome
    case .sendOn(let envelope, let chunks, let done):
      guard let id = await submit(envelope, chunks) else { return ProgramOutcome(.deferred, "4.3.0", "cannot queue what is to be sent on") }
      let text = done.map { "\($0), forwarded as \(id)" } ?? "forwarded as \(id)"
      return ProgramOutcome(.sent, "2.0.0", text)
    }
  }

  /// On a thread that may block.
  private func makePlan(_ message: QueuedMessage, _ index: Int) -> Plan {
    let order = ProgramOrder(message, recipients: [index])
    guard let recipient = order.envelope.recipients.first else { return .done(ProgramOutcome(.deferred, "4.3.0", "no recipient")) }
    switch performer.perform(order, message) {
    case .done(let outcome): return .done(outcome)
    case .sendOn(let targets, let owner, let text):
      let (plan, hasFailed) = Lookups.wait { sendOn(message, recipient, targets, owner, after: text) }
      return hasFailed ? .done(ProgramOutcome(.deferred, "4.3.0", "address resolver failure")) : plan
    }
  }

  private func sendOn(
    _ message: QueuedMessage, _ recipient: Recipient, _ targets: [ProgramAnswer.Target], _ owner: String?, after text: String?
  ) -> Plan {
    var chunks: [ContentChunk] = []
    let added = addsDeliveredTo ? "Delivered-To: \(recipient.address)\n" : ""
    chunks.append(ContentChunk(Array("\(added)Received: by \(hostname) id \(message.id)\n".utf8)))
    do throws(SpoolError) {
      try message.forEachBlock { pieces throws(DiskError) in
        for piece in pieces { chunks.append(ContentChunk(Array(piece))) }
      }
    } catch {
      return .done(ProgramOutcome(.deferred, "4.3.0", "queue file read error"))
    }
    var envelope = message.envelope
    if let owner, !envelope.sender.isEmpty { envelope.sender = aliases.resolve(owner).address }
    envelope.arrival = clock()
    envelope.contentFilter = ""
    envelope.recipients = targets.map { Recipient($0, for: recipient, aliases.resolve($0.address)) }.unique
    return .sendOn(envelope, chunks, after: text)
  }
}

extension Recipient {
  /// Who gets mail for another. RFC 3461 §5.2.7.2: that mail was sent on is no success of theirs.
  fileprivate init(_ target: ProgramAnswer.Target, for recipient: Recipient, _ destination: LocalAliases.Destination) {
    self.init(
      address: destination.address, original: recipient.original, route: Recipient.Route(destination),
      notify: recipient.notify == .success ? .never : recipient.notify.subtracting(.success), originalRecipient: recipient.originalRecipient)
    isExpanded = true
    isFinal = target.isFinal
  }
}
