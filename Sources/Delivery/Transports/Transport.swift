// SPDX-License-Identifier: Apache-2.0
import Queue
import Spool

/// Hands messages on: to another server, to a program, to a mailbox.
///
/// Called on the loop of the scheduler, as many times at once as the scheduler allows; what blocks goes to a pool. It keeps nothing of a job
/// once it has answered.
package protocol Transport: Sendable {
  /// Tries each recipient of the job once, and says what became of each.
  func deliver(_ job: DeliveryJob) async -> DeliveryResult
  /// Finds out what `deliver` would come to, as far as that goes without handing anything on.
  func probe(_ job: DeliveryJob) async -> DeliveryResult
}

extension Transport {
  /// Who would only know by doing it.
  package func probe(_ job: DeliveryJob) async -> DeliveryResult {
    let reason = Reason(status: "2.0.0", text: "delivers to \(job.hop.transport)")
    return DeliveryResult(job.recipients.map { RecipientResult($0.index, .sent, reason, relay: job.hop.transport) })
  }
}

/// A message for some of its recipients, all with one next hop.
package struct DeliveryJob: Sendable {
  package let message: QueuedMessage
  /// To try now, with the address that each is to be given to the next hop as.
  package let recipients: [DueRecipient]
  package let hop: NextHop
  /// Microseconds since 1970: when the scheduler took the message from the spool, and when this job began.
  package let taken: Int64
  package let began: Int64
  /// More mail waits for this next hop, so that its connection is worth keeping.
  package let isBacklogged: Bool
  /// Only whether the recipients are taken is to be found out.
  package var isProbe = false

  package init(message: QueuedMessage, recipients: [DueRecipient], hop: NextHop, taken: Int64, began: Int64, isBacklogged: Bool = true) {
    self.isBacklogged = isBacklogged
    self.message = message
    self.recipients = recipients
    self.hop = hop
    self.taken = taken
    self.began = began
  }
}

/// What became of a job.
package struct DeliveryResult: Sendable {
  /// One for each recipient of the job. Who is missing counts as deferred.
  package var recipients: [RecipientResult]
  /// Whether the next hop did its part, which decides how much it is given at a time.
  package var site: Site
  /// Recipients whose state the transport has noted in the spool, and told the log, by itself; they are not among `recipients`.
  package var settled: Set<Int> = []
  /// What their sender may be told of them.
  package var told: [RecipientResult] = []
  /// To be done once the sender was told.
  package var afterwards: (@Sendable () -> Void)?

  package enum Site: Equatable, Sendable {
    /// It took the transaction, or refused no more than these recipients or this message.
    case alive
    /// Nothing could be handed to it, for a reason that is true of other messages, too.
    case dead(Reason)
  }

  package init(_ recipients: [RecipientResult], site: Site = .alive) {
    self.recipients = recipients
    self.site = site
  }
}

/// What became of one recipient, with what the log and a report to the sender say of it.
package struct RecipientResult: Equatable, Sendable {
  package enum Outcome: String, Sendable {
    case sent, deferred, bounced
  }

  /// In the envelope.
  package var index: Int
  package var outcome: Outcome
  /// The text is what the log has in parentheses, and the report as the reason.
  package var reason: Reason
  /// `host[address]:port`, `local`, `virtual`, `pipe`'s name, `none`.
  package var relay: String
  /// The server's own words, for the report's machine-readable part.
  package var remote: RemoteAnswer?
  /// Microseconds: until there was a connection, and with it.
  package var connection: Int64
  package var transmission: Int64
  /// Whether the next hop keeps the sender's wishes for reports (RFC 3461), so that a report of success is its business.
  package var keepsWishes: Bool
  /// It was no delivery: an alias was replaced by what it stands for.
  package var isExpansion = false
  /// How many messages this connection has served, this one included.
  package var connectionUse = 1

  package init(
    _ index: Int, _ outcome: Outcome, _ reason: Reason, relay: String = "none", remote: RemoteAnswer? = nil, connection: Int64 = 0,
    transmission: Int64 = 0, keepsWishes: Bool = false
  ) {
    self.index = index
    self.outcome = outcome
    self.reason = reason
    self.relay = relay
    self.remote = remote
    self.connection = connection
    self.transmission = transmission
    self.keepsWishes = keepsWishes
  }
}

/// RFC 3464: Remote-MTA and Diagnostic-Code.
package struct RemoteAnswer: Equatable, Sendable {
  /// `dns`, `unix`, `x-unix`.
  package var nameType: String
  package var name: String
  /// `smtp`, `x-unix`.
  package var diagnosticType: String
  package var diagnostic: String

  package init(nameType: String = "dns", name: String, diagnosticType: String = "smtp", diagnostic: String) {
    self.nameType = nameType
    self.name = name
    self.diagnosticType = diagnosticType
    self.diagnostic = diagnostic
  }
}
