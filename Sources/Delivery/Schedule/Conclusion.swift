// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import Runtime
import Spool

/// What follows from the result of a delivery: lines in the log, reports to the sender, notes in the spool.
final class Conclusion: Sendable {
  private let settings: SchedulerSettings
  private let reports: (any SenderReports)?
  private let clock: @Sendable () -> Int64
  private let report: @Sendable (DeliveryReport) -> Void
  private let expired: @Sendable (QueueID, String) -> Void

  init(
    _ settings: SchedulerSettings, reports: (any SenderReports)?, clock: @escaping @Sendable () -> Int64,
    report: @escaping @Sendable (DeliveryReport) -> Void, expired: @escaping @Sendable (QueueID, String) -> Void
  ) {
    self.settings = settings
    self.reports = reports
    self.clock = clock
    self.report = report
    self.expired = expired
  }

  /// `done` comes when all is noted, at once or later, on any thread.
  func conclude(_ job: DeliveryJob, _ result: DeliveryResult, _ service: Service, _ lane: SchedulerLane, done: @escaping @Sendable () -> Void) {
    let now = clock()
    var results = complete(result, job)
    for result in results { log(result, job, service, now) }
    if isTooOld(job.message.envelope, now), results.contains(where: { $0.outcome == .deferred }) {
      expired(job.message.id, job.message.envelope.sender)
      for index in results.indices where results[index].outcome == .deferred { results[index].outcome = .bounced }
    }
    guard let reports, results.contains(where: { wantsReport($0, job.message.envelope) }) else {
      note(results, job, lane, now, isReported: false)
      return done()
    }
    reports.report(results, of: job.message) { [self, results] isStored in
      note(results, job, lane, now, isReported: isStored)
      done()
    }
  }

  /// One result for each recipient that the transport has not settled itself.
  private func complete(_ result: DeliveryResult, _ job: DeliveryJob) -> [RecipientResult] {
    job.recipients.compactMap { due in
      if result.settled.contains(due.index) { return nil }
      guard var found = result.recipients.first(where: { $0.index == due.index }) else {
        return RecipientResult(due.index, .deferred, Reason(status: "4.3.0", text: "unknown mail transport error"))
      }
      if settings.softBounce, found.outcome == .bounced {
        found.outcome = .deferred
        found.reason.status = "4" + found.reason.status.dropFirst()
      }
      return found
    }
  }

  private func isTooOld(_ envelope: Envelope, _ now: Int64) -> Bool {
    now.difference(from: envelope.arrival) >= (envelope.sender.isEmpty ? settings.bounceLifetime : settings.lifetime)
  }

  private func wantsReport(_ result: RecipientResult, _ envelope: Envelope) -> Bool {
    result.outcome != .sent || (envelope.recipients.indices.contains(result.index) && envelope.recipients[result.index].notify.contains(.success))
  }

  private func note(_ results: [RecipientResult], _ job: DeliveryJob, _ lane: SchedulerLane, _ now: Int64, isReported: Bool) {
    for result in results { lane.spool.note(job.message.id, recipient: result.index, state(result, job, now, isReported)) }
  }

  private func state(_ result: RecipientResult, _ job: DeliveryJob, _ now: Int64, _ isReported: Bool) -> RecipientState {
    switch result.outcome {
    case .sent: return .relayed
    case .bounced where isReported: return .failed(result.reason)
    // The sender must learn of it; until there are reports the message stays where the administrator sees it.
    case .bounced where reports == nil: return .held(result.reason)
    case .deferred, .bounced:
      return .deferred(Deferral(until: settings.backOff.next(arrival: job.message.envelope.arrival, now: now), reason: result.reason))
    }
  }

  private func log(_ result: RecipientResult, _ job: DeliveryJob, _ service: Service, _ now: Int64) {
    guard job.message.envelope.recipients.indices.contains(result.index) else { return }
    let recipient = job.message.envelope.recipients[result.index]
    let isHeld = result.outcome == .bounced && reports == nil
    var line = DeliveryReport(
      queueID: job.message.id, recipient: recipient.address, original: recipient.original, service: service, relay: result.relay,
      delays: .init(
        before: job.taken.difference(from: job.message.envelope.arrival), queue: job.began.difference(from: job.taken),
        connection: result.connection, transmission: result.transmission),
      dsn: result.reason.status, status: isHeld ? .held : .init(result.outcome), text: result.reason.text)
    line.connectionUse = result.connectionUse
    report(line)
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
}

extension Int64 {
  /// What clocks that jump can't make overflow.
  func difference(from earlier: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(earlier)
    return overflow ? 0 : difference
  }
}
