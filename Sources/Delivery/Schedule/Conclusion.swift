// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import Runtime
import Spool

/// What the sender of a message may be told of an attempt, once all its deliveries have ended.
struct Untold: Sendable {
  /// Some are given up because the message is too old.
  var isExpired = false
  /// All failures are among them.
  var results: [RecipientResult] = []
  /// Notes that would end the message.
  var afterwards: [@Sendable () -> Void] = []

  mutating func append(_ other: Untold) {
    isExpired = isExpired || other.isExpired
    results += other.results
    afterwards += other.afterwards
  }
}

/// What follows from the result of a delivery: lines in the log, reports to the sender, notes in the spool.
final class Conclusion: Sendable {
  private let settings: SchedulerSettings
  private let clock: @Sendable () -> Int64
  private let report: @Sendable (DeliveryReport) -> Void
  private let expired: @Sendable (QueueID, String) -> Void

  init(
    _ settings: SchedulerSettings, clock: @escaping @Sendable () -> Int64,
    report: @escaping @Sendable (DeliveryReport) -> Void, expired: @escaping @Sendable (QueueID, String) -> Void
  ) {
    self.settings = settings
    self.clock = clock
    self.report = report
    self.expired = expired
  }

  /// Logs what a delivery did, and notes it where the sender need not be told first. Answers the rest.
  func conclude(_ job: DeliveryJob, _ result: DeliveryResult, _ service: Service, _ lane: SchedulerLane) -> Untold {
    let now = clock()
    var results = complete(result, job)
    for result in results { log(result, job, service, now) }
    // All that was found out is told at the end.
    if job.message.envelope.isProbe { return Untold(results: results) }
    let isExpired = settings.isTooOld(job.message.envelope, now) && results.contains { $0.outcome == .deferred }
    if isExpired {
      for index in results.indices where results[index].outcome == .deferred { results[index].outcome = .bounced }
    }
    let until = settings.backOff.next(arrival: job.message.envelope.arrival, now: now)
    var untold = Untold(isExpired: isExpired, results: result.told, afterwards: [result.afterwards].compactMap(\.self))
    for result in results {
      if wantsReport(result, job.message) { untold.results.append(result) }
      switch result.outcome {
      case .deferred: lane.spool.note(job.message.id, recipient: result.index, .deferred(Deferral(until: until, reason: result.reason)))
      case .sent where !wantsReport(result, job.message): lane.spool.note(job.message.id, recipient: result.index, .relayed)
      case .sent: untold.afterwards.append { lane.spool.note(job.message.id, recipient: result.index, .relayed) }
      case .bounced: break
      }
    }
    return untold
  }

  /// Tells the sender; then what failed is final. `done` comes at once or later, on any thread.
  func tell(_ untold: Untold, of message: QueuedMessage, _ lane: SchedulerLane, done: @escaping @Sendable () -> Void) {
    if untold.isExpired { expired(message.id, message.envelope.sender) }
    if untold.results.isEmpty { return done() }
    lane.senders.report(untold.results, of: message) { [settings, clock] isStored in
      for note in untold.afterwards { note() }
      let until = settings.backOff.next(arrival: message.envelope.arrival, now: clock())
      for result in untold.results {
        guard let state = result.state(of: message.envelope, isTold: isStored, until: until) else { continue }
        lane.spool.note(message.id, recipient: result.index, state)
      }
      done()
    }
  }

  /// One result for each recipient that the transport has not settled itself.
  private func complete(_ result: DeliveryResult, _ job: DeliveryJob) -> [RecipientResult] {
    job.recipients.compactMap { due in
      if result.settled.contains(due.index) { return nil }
      guard let found = result.recipients.first(where: { $0.index == due.index }) else {
        return RecipientResult(due.index, .deferred, Reason(status: "4.3.0", text: "unknown mail transport error"))
      }
      return settings.softBounce ? found.softened : found
    }
  }

  private func wantsReport(_ result: RecipientResult, _ message: QueuedMessage) -> Bool {
    guard result.outcome == .sent else { return true }
    guard message.envelope.recipients.indices.contains(result.index) else { return false }
    return message.isWarned || message.envelope.recipients[result.index].notify.contains(.success)
  }

  private func log(_ result: RecipientResult, _ job: DeliveryJob, _ service: Service, _ now: Int64) {
    guard job.message.envelope.recipients.indices.contains(result.index) else { return }
    let recipient = job.message.envelope.recipients[result.index]
    if recipient.isExpansionNotice { return }
    var line = DeliveryReport(
      queueID: job.message.id, recipient: recipient.address, original: recipient.original, service: service, relay: result.relay,
      delays: .init(
        before: job.taken.difference(from: job.message.envelope.arrival), queue: job.began.difference(from: job.taken),
        connection: result.connection, transmission: result.transmission),
      dsn: result.reason.status, status: job.isProbe ? .init(probed: result.outcome) : .init(result.outcome), text: result.reason.text)
    line.connectionUse = result.connectionUse
    report(line)
  }
}

extension RecipientResult {
  /// What is noted once the sender was told, or could not be. Those who are tried again are so together, as their attempt ended together: nil where
  /// nothing is to be noted.
  func state(of envelope: Envelope, isTold: Bool, until: Int64) -> RecipientState? {
    let unreported = RecipientState.deferred(Deferral(until: until, reason: reason.unreported))
    if envelope.isProbe { return isTold ? .relayed : unreported }
    switch outcome {
    case .sent: return nil
    case .deferred: return .deferred(Deferral(until: until, reason: reason))
    case .bounced: return isTold ? .failed(reason) : unreported
    }
  }
}

extension DeliveryReport.Status {
  fileprivate init(_ outcome: RecipientResult.Outcome) {
    switch outcome {
    case .sent: self = .sent
    case .deferred: self = .deferred
    case .bounced: self = .bounced
    }
  }

  init(probed outcome: RecipientResult.Outcome) { self = outcome == .sent ? .deliverable : .undeliverable }
}

extension Int64 {
  /// What clocks that jump can't make overflow.
  func difference(from earlier: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(earlier)
    return overflow ? 0 : difference
  }
}
