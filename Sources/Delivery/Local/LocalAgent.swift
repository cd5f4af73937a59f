// SPDX-License-Identifier: Apache-2.0
import Events
import Mailbox
import Message
import Queue
import Runtime
import Spool

/// Takes ready messages from the spool, puts a copy into the mailbox of each recipient, and notes what happened. Belongs to one thread,
/// which may block; a spool may have several agents.
///
/// A copy is written and renamed without a sync; the spool makes it stable and keeps the message until then.
package final class LocalAgent {
  private let spool: Spool
  private let worker: Int
  private let boot: Boot
  private let users: UserDirectory
  private let transport: (any SystemUserTransport)?
  private let settings: SchedulerSettings
  private let luserRelay: LuserRelay?
  private let forwards: OwnForwards?
  private let senders: any SenderReports
  private let expired: @Sendable (QueueID, String) -> Void
  private let clock: @Sendable () -> Int64
  private let report: @Sendable (DeliveryReport) -> Void
  private let writer: MailboxWriter
  private let volumes: KnownVolumes
  private var mailboxes = KnownMailboxes()
  private var jobs: [Job] = []
  /// What senders may be told, by the number of the order in the batch.
  private var outcomes: [Int: Outcomes] = [:]
  private var busy: BusyMailboxes

  /// `worker` is a number of its own for each agent of a spool, from 0. Without `transport` mail for other system users waits. `senders` tells
  /// the senders. `clock` is in microseconds since 1970; `report` gets a line for the log for each recipient that was tried, `expired` who has sent what
  /// is given up.
  package init(
    _ spool: Spool, worker: Int, disk: any Disk, users: UserDirectory, transport: (any SystemUserTransport)? = nil,
    settings: SchedulerSettings = SchedulerSettings(), lockPatience: LockPatience = LockPatience(), luserRelay: LuserRelay? = nil,
    forwards: OwnForwards? = nil,
    senders: any SenderReports, clock: @escaping @Sendable () -> Int64, report: @escaping @Sendable (DeliveryReport) -> Void,
    expired: @escaping @Sendable (QueueID, _ sender: String) -> Void = { _, _ in }
  ) {
    self.spool = spool
    self.worker = worker
    self.users = users
    self.transport = transport
    self.settings = settings
    self.luserRelay = luserRelay
    self.forwards = forwards
    self.senders = senders
    self.expired = expired
    busy = BusyMailboxes(lockPatience)
    self.clock = clock
    self.report = report
    boot = Boot(high: disk.bootID.high, low: disk.bootID.low)
    let volumes = KnownVolumes()
    self.volumes = volumes
    writer = MailboxWriter(disk: disk) { folder throws(DiskError) in volumes.meet(try spool.mailboxVolume(of: folder)) }
  }

  /// Works until the spool stops.
  package func run() {
    while true {
      let messages = spool.takeReady(worker: worker, max: LocalAgent.batchSize)
      if messages.isEmpty { return }
      deliver(messages)
    }
  }

  /// Delivers what is ready now; false if nothing was.
  package func runOnce() -> Bool {
    let messages = spool.takeReadyNow(worker: worker, max: LocalAgent.batchSize)
    deliver(messages)
    return !messages.isEmpty
  }

  /// Large enough to share one sync among the copies for system users, small enough to share the work with another agent.
  private static let batchSize = 64

  // MARK: one batch

  /// One recipient of one message.
  private struct Attempt {
    /// In the batch.
    let order: Int
    let message: QueuedMessage
    let due: DueRecipient
    let taken: Int64
    let began: Int64
    /// By which of the agents; nil if by the one that its class has.
    var agent: Recipient.Route?

    var recipient: Recipient { message.envelope.recipients[due.index] }
    var route: Recipient.Route { agent ?? recipient.route }
  }

  /// Of one message.
  private struct Outcomes: Sendable {
    var results: [RecipientResult] = []
    /// Given up because the message is too old; the log has said why they were put off.
    var expired: Set<Int> = []
    /// Final once the sender is told; with their lines of the log.
    var failures: [DeliveryReport] = []
    /// Noted once the sender is told: until then the message must be there.
    var copies: [Copy] = []

    struct Copy: Sendable {
      let recipient: Int
      let state: RecipientState
      let volume: MailboxVolume?
    }
  }

  /// A copy that another process writes.
  private struct Job {
    let attempt: Attempt
    let mailbox: UserMailbox
    let order: SystemUserJob
  }

  private func deliver(_ messages: [QueuedMessage]) {
    let taken = clock()
    writer.beginBatch()
    var waiting: [(order: Int, message: QueuedMessage)] = []
    for (order, message) in messages.enumerated() {
      let before = jobs.count
      for due in message.due where message.envelope.recipients.indices.contains(due.index) { attempt(order, message, due, taken) }
      if jobs.count == before { end(order, message) } else { waiting.append((order, message)) }
    }
    deliverJobs()
    for (order, message) in waiting { end(order, message) }
  }

  /// Delivers what the scheduler has taken, for the recipients that are its job. It notes what happened to each of them; but failures, and what the
  /// sender is to be told, it answers.
  func deliver(_ orders: [DeliveryJob]) -> [DeliveryResult] {
    writer.beginBatch()
    for (number, order) in orders.enumerated() {
      let route: Recipient.Route = order.hop.transport == "local" ? .local : .virtual
      for due in order.recipients where order.message.envelope.recipients.indices.contains(due.index) {
        attempt(number, order.message, due, order.taken, route)
      }
    }
    deliverJobs()
    return orders.indices.map { result(of: orders[$0], outcomes.removeValue(forKey: $0) ?? Outcomes()) }
  }

  private func result(of order: DeliveryJob, _ outcomes: Outcomes) -> DeliveryResult {
    if !outcomes.expired.isEmpty { expired(order.message.id, order.message.envelope.sender) }
    var result = DeliveryResult(outcomes.results.filter { $0.outcome == .bounced && !outcomes.expired.contains($0.index) })
    result.settled = Set(order.recipients.map(\.index)).subtracting(result.recipients.map(\.index))
    result.told = outcomes.results.filter { $0.outcome != .bounced || outcomes.expired.contains($0.index) }
    result.afterwards = { [spool] in
      for copy in outcomes.copies { spool.note(order.message.id, recipient: copy.recipient, copy.state, on: copy.volume) }
    }
    return result
  }

  private func attempt(_ order: Int, _ message: QueuedMessage, _ due: DueRecipient, _ taken: Int64, _ agent: Recipient.Route? = nil) {
    let attempt = Attempt(order: order, message: message, due: due, taken: taken, began: clock(), agent: agent)
    deliver(attempt, to: LuserRelay.Target(address: attempt.recipient.address, route: attempt.route))
  }

  private func deliver(_ attempt: Attempt, to target: LuserRelay.Target) {
    guard target.route != .remote else { return postpone(attempt, LocalAgent.noTransport) }
    if target.address.lowercased() == settings.doubleBounceSender.lowercased() { return discard(attempt) }
    if !attempt.recipient.isFinal, isLoop(attempt.message, target.address) {
      return fail(attempt, Reason(status: "5.4.6", text: "mail forwarding loop for \(target.address)"))
    }
    do throws(UserLookupError) {
      if let mailbox = try mailboxes.find(target.address, target.route, in: users, now: attempt.began) {
        return put(attempt, into: mailbox, for: target.address)
      }
      // Once: what is unknown as well is nobody's.
      if target.route == .local, target.address == attempt.recipient.address, let other = luserRelay?.target(for: target.address) {
        return deliver(attempt, to: other)
      }
      fail(attempt, Reason(status: "5.1.1", text: "unknown user: \"\(target.address)\""))
    } catch {
      failed(attempt, Reason(status: error.status, text: error.text), isBusy: false)
    }
  }

  private func put(_ attempt: Attempt, into mailbox: UserMailbox, for address: String) {
    let (message, recipient) = (attempt.message, attempt.recipient)
    let header = DeliveryHeaders.compose(
      sender: message.envelope.sender, original: recipient.original, recipient: address, deliveredTo: mailbox.prependsDeliveredTo)
    let name = mailboxFileName(message.id, recipient: attempt.due.index, message.envelope)
    let isFinal = attempt.route != .local || recipient.isFinal
    guard mailbox.owner == nil || mailbox.owner?.uid == SystemUser.currentUID else {
      let order = SystemUserJob(
        message: message, recipient: address, header: header, name: name, replay: attempt.due.replay, isFinal: isFinal)
      return transport == nil ? postpone(attempt, LocalAgent.needsRoot) : jobs.append(Job(attempt: attempt, mailbox: mailbox, order: order))
    }
    if !isFinal, let owner = mailbox.owner, forwards?.hasForward(address, of: owner) == true { return handOn(attempt) }
    let copy = MailboxWriter.Copy(
      mailbox: mailbox, name: name, sender: message.envelope.sender, arrival: message.envelope.arrival, header: header, replay: attempt.due.replay)
    settle(attempt, copy, writer.put(copy, now: attempt.began, SpooledMail(message: message)))
  }

  private func settle(_ attempt: Attempt, _ copy: MailboxWriter.Copy, _ outcome: MailboxWriter.Outcome) {
    switch outcome {
    case .written(let delivery) where !delivery.isDurable:
      let delivered = Delivered(
        path: copy.mailbox.location.path, name: copy.name, length: delivery.seal.length, crc: delivery.seal.checksum, boot: boot)
      sent(attempt, copy.mailbox, .delivered(delivered), on: volumes[delivery.device])
    case .written, .stable: sent(attempt, copy.mailbox, .stable)
    case .failed(let error): failed(attempt, Reason(status: error.status, text: error.text), isBusy: error.kind == .busy)
    case .unreadable: postpone(attempt, Reason(status: "4.3.0", text: "queue file read error"))
    }
  }

  private func deliverJobs() {
    let batch = jobs
    jobs = []
    guard let transport, !batch.isEmpty else { return }
    let outcomes = transport.deliver(batch.map(\.order))
    for (index, job) in batch.enumerated() {
      let outcome = outcomes.indices.contains(index) ? outcomes[index] : .deferred(Reason(status: "4.3.0", text: "no answer"))
      switch outcome {
      case .stable: sent(job.attempt, job.mailbox, .stable)
      case .busy(let reason): failed(job.attempt, reason, isBusy: true)
      case .deferred(let reason): postpone(job.attempt, reason)
      case .refused(let reason): fail(job.attempt, reason)
      case .forwarded: handOn(job.attempt)
      }
    }
  }

  private func isLoop(_ message: QueuedMessage, _ address: String) -> Bool {
    var found = false
    SpooledMail(message: message).peek { found = DeliveryHeaders.isLoop($0, recipient: address) }
    return found
  }

  // MARK: what happened

  private func sent(_ attempt: Attempt, _ mailbox: UserMailbox, _ state: RecipientState, on volume: MailboxVolume? = nil) {
    let reason = Reason(status: "2.0.0", text: mailbox.sentText)
    // Nobody asks for most of them.
    if attempt.recipient.notify.contains(.success) || attempt.message.isWarned {
      keep(attempt, .sent, reason)
      outcomes[attempt.order]?.copies.append(Outcomes.Copy(recipient: attempt.due.index, state: state, volume: volume))
    } else {
      spool.note(attempt.message.id, recipient: attempt.due.index, state, on: volume)
    }
    report(attempt, .sent, reason)
  }

  /// A report on a notice to the postmaster.
  private func discard(_ attempt: Attempt) {
    spool.note(attempt.message.id, recipient: attempt.due.index, .stable)
    var line = line(attempt, .sent, Reason(status: "2.0.0", text: "undeliverable postmaster notification discarded"))
    line.relay = "none"
    report(line)
  }

  /// A .forward file says who gets it: the scheduler finds the way to it, at once. Nobody wants to read of that.
  private func handOn(_ attempt: Attempt) {
    spool.moveToScheduler(attempt.message.id)
    spool.note(attempt.message.id, recipient: attempt.due.index, .deferred(Deferral(until: clock(), reason: LocalAgent.hasForward)))
  }

  private func failed(_ attempt: Attempt, _ reason: Reason, isBusy: Bool) {
    if isBusy, let until = busy.nextLook(attempt.message.id, attempt.due.index, now: clock()) {
      // Other mail does not wait for the lock, and nobody wants to read of each look.
      return spool.note(attempt.message.id, recipient: attempt.due.index, .deferred(Deferral(until: until, reason: reason)))
    }
    reason.status.hasPrefix("5") ? fail(attempt, reason) : postpone(attempt, reason)
  }

  private func postpone(_ attempt: Attempt, _ reason: Reason) {
    let now = clock()
    report(attempt, .deferred, reason)
    if settings.isTooOld(attempt.message.envelope, now) {
      keep(attempt, .bounced, reason)
      outcomes[attempt.order]?.expired.insert(attempt.due.index)
      return
    }
    let until = settings.backOff.next(arrival: attempt.message.envelope.arrival, now: now)
    spool.note(attempt.message.id, recipient: attempt.due.index, .deferred(Deferral(until: until, reason: reason)))
    keep(attempt, .deferred, reason)
  }

  /// For good, once the sender is told.
  private func fail(_ attempt: Attempt, _ reason: Reason) {
    if settings.softBounce { return postpone(attempt, reason.softened) }
    keep(attempt, .bounced, reason)
    outcomes[attempt.order]?.failures.append(line(attempt, .bounced, reason))
  }

  private func keep(_ attempt: Attempt, _ outcome: RecipientResult.Outcome, _ reason: Reason) {
    let relay = LocalAgent.agent(for: attempt.route).relay
    let began = attempt.began
    outcomes[attempt.order, default: Outcomes()].results.append(
      RecipientResult(attempt.due.index, outcome, reason, relay: relay, transmission: clock().difference(from: began)))
  }

  /// Tells the sender what is to be told, then what failed is final, and the attempt over.
  private func end(_ order: Int, _ message: QueuedMessage) {
    guard let outcomes = outcomes.removeValue(forKey: order) else { return spool.attemptEnded(message.id) }
    if !outcomes.expired.isEmpty { expired(message.id, message.envelope.sender) }
    senders.report(outcomes.results, of: message) { [spool, report, settings, clock] isStored in
      for copy in outcomes.copies { spool.note(message.id, recipient: copy.recipient, copy.state, on: copy.volume) }
      let until = settings.backOff.next(arrival: message.envelope.arrival, now: clock())
      for result in outcomes.results {
        guard let state = result.state(of: message.envelope, isTold: isStored, until: until) else { continue }
        spool.note(message.id, recipient: result.index, state)
      }
      for line in outcomes.failures { report(isStored ? line : line.unreported) }
      spool.attemptEnded(message.id)
    }
  }

  private func report(_ attempt: Attempt, _ status: DeliveryReport.Status, _ reason: Reason) { report(line(attempt, status, reason)) }

  private func line(_ attempt: Attempt, _ status: DeliveryReport.Status, _ reason: Reason) -> DeliveryReport {
    let recipient = attempt.recipient
    let now = clock()
    let (service, relay) = LocalAgent.agent(for: attempt.route)
    return DeliveryReport(
      queueID: attempt.message.id, recipient: recipient.address, original: recipient.original, service: service, relay: relay,
      delays: .init(
        before: attempt.taken.difference(from: attempt.message.envelope.arrival), queue: attempt.began.difference(from: attempt.taken),
        connection: 0, transmission: now.difference(from: attempt.began)),
      dsn: reason.status, status: status, text: reason.text)
  }

  private static func agent(for route: Recipient.Route) -> (Service, relay: String) {
    switch route {
    case .local: ("local", "local")
    case .virtual: ("virtual", "virtual")
    case .remote: ("error", "none")
    }
  }

  private static let hasForward = Reason(status: "4.3.0", text: "waiting for its .forward file to be looked at")
  private static let noTransport = Reason(status: "4.3.0", text: "mail transport unavailable: there is no relay transport yet")
  private static let needsRoot = Reason(status: "4.3.5", text: "mail for other users of the system needs Weir to be started as root")
}
