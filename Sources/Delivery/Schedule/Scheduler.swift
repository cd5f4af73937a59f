// SPDX-License-Identifier: Apache-2.0
import Events
import Queue
import Runtime
import Spool

/// Hands on what is not for mailboxes alone: takes messages from the spools, groups their recipients by next hop, and runs a transport for each
/// group when its turn comes. Lives on one loop; every transport is called there.
///
/// Which delivery may begin is decided by `Schedule`; this performs it, notes in the spool what became of it, and tells the log and the sender.
package final class Scheduler: @unchecked Sendable {
  package let loop: EventLoop
  private let settings: SchedulerSettings
  private let transports: TransportTable
  private let router: any Router
  let conclusion: Conclusion
  private let room: SchedulerRoom
  private let clock: @Sendable () -> Int64

  // On the loop's thread only.
  private let schedule: Schedule
  private var jobs: [Int: ScheduledJob] = [:]
  private var nextJob = 0
  private var running: [Int: ScheduledJob] = [:]
  private var marks = AttemptMarks()
  private var isPumpWanted = false
  /// Jobs that are not tried: put off when there is nothing better to do.
  private var untried = FIFO<(job: ScheduledJob, reason: Reason)>()
  private var isPuttingOff = false
  private var timer: LoopTimer?
  /// Messages over which the process has died in a row: one at a time is tried, and nothing else begins meanwhile.
  private var suspects = FIFO<(message: RoutedMessage, lane: SchedulerLane)>()
  private var alone: ScheduledMessage?
  private var aloneUntil: Int64 = 0

  /// So many are put off between two looks at what can be delivered.
  private static let portion = 64

  /// One that has not harmed the process for so long is not waited for any more.
  private static let quarantine: Int64 = 1_000_000

  /// `report` gets a line for the log for each recipient of each attempt.
  package init(
    on loop: EventLoop, _ settings: SchedulerSettings, transports: TransportTable, router: any Router,
    clock: @escaping @Sendable () -> Int64, report: @escaping @Sendable (DeliveryReport) -> Void,
    expired: @escaping @Sendable (QueueID, _ sender: String) -> Void = { _, _ in }
  ) {
    self.loop = loop
    self.settings = settings
    self.transports = transports
    self.router = router
    self.clock = clock
    room = SchedulerRoom(messages: settings.activeLimit, recipients: settings.recipientLimit)
    schedule = Schedule(limits: settings.limits)
    conclusion = Conclusion(settings, clock: clock, report: report, expired: expired)
  }

  // MARK: lanes, from other threads

  /// Delivers from a spool until `remove`. `worker` is above the numbers of its mailbox agents; `mailboxes` writes to mailboxes of this host,
  /// `senders` tells who has sent the messages.
  package func add(_ spool: Spool, number: Int, worker: Int, mailboxes: (any Transport)?, senders: any SenderReports) throws(SystemError)
    -> SchedulerLane
  {
    let lane = SchedulerLane(spool, number: number, worker: worker, router: router, room: room, mailboxes: mailboxes, senders: senders)
    try lane.start { [self] routed in
      loop.spawn { self.admit(routed, lane) }
    }
    return lane
  }

  /// Takes nothing more from the lane, and waits for what is being tried, `patience` at most; false if some of it has not ended then. Nobody else may
  /// have the lane before it has, or this loop stands still. May be called again.
  package func remove(_ lane: SchedulerLane, patience: Duration) -> Bool {
    lane.close()
    let deadline = Instant.now() + patience
    repeat {
      let left = Monitor<Int?>(nil)
      loop.spawn {
        self.drop(lane)
        // Its marks must not be written when somebody else has it.
        self.marks.clear()
        let count = self.running.values.reduce(0) { $0 + ($1.owner.lane === lane ? 1 : 0) }
        left.withLock { $0 = count }
        left.signal()
      }
      let answer = left.wait(timeout: .seconds(1)) { $0 }
      if answer == 0 { return true }
      Thread.sleep(.milliseconds(10))
    } while Instant.now() < deadline
    return false
  }

  // MARK: messages

  private func admit(_ batch: [RoutedMessage], _ lane: SchedulerLane) {
    let now = clock()
    for routed in batch where routed.message.isSuspect { suspects.append((routed, lane)) }
    let owners = batch.filter { !$0.message.isSuspect }.map { admit($0, lane, now) }
    pump()
    // Those that must wait do so without their content.
    for owner in owners where !owner.hasBegun && owner.open > 0 && lane.spool.memory.isScarce { owner.drop() }
  }

  private func admit(_ routed: RoutedMessage, _ lane: SchedulerLane, _ now: Int64) -> ScheduledMessage {
    let owner = ScheduledMessage(routed.message, lane, taken: now, open: 1)
    for (recipient, reason) in routed.unrouted { putOff(ScheduledJob(owner: owner, recipients: [recipient], hop: .none), reason) }
    for group in routed.groups {
      let limit = schedule.limits(of: group.hop.transport).recipientLimit
      for part in group.recipients.inParts(of: limit) {
        add(ScheduledJob(owner: owner, recipients: part, hop: group.hop), isSingle: limit == 1, now)
      }
    }
    ended(owner)
    return owner
  }

  private func add(_ job: ScheduledJob, isSingle: Bool, _ now: Int64) {
    let transport = job.hop.transport
    if settings.deferredTransports.contains(transport) { return putOff(job, Scheduler.deferredTransport) }
    guard row(job) != nil else {
      giveUp(schedule.suspend(transport, Scheduler.unavailable, until: now + settings.transportRetryTime), Scheduler.unavailable)
      return putOff(job, Scheduler.unavailable)
    }
    let recipient = isSingle ? job.recipients.first.map { job.owner.message.envelope.recipients[$0.index].address } : nil
    let site = Schedule.Site(transport: transport, name: recipient?.lowercased() ?? job.hop.site.destination)
    let number = nextJob
    nextJob &+= 1
    switch schedule.add(number, to: site, sender: job.owner.message.envelope.sender, isRetry: job.owner.message.isRetry, now: now) {
    case .queued:
      job.owner.open += 1
      jobs[number] = job
    case .suspended(let reason): putOff(job, reason == Scheduler.unavailable ? reason : reason.suspended)
    }
  }

  private func row(_ job: ScheduledJob) -> TransportTable.Row? {
    let name = job.hop.transport
    if let row = transports[name] { return row }
    guard let mailboxes = job.owner.lane.mailboxes, name == "local" || name == "virtual" else { return nil }
    return TransportTable.Row(transport: mailboxes, service: name == "local" ? "local" : "virtual")
  }

  // MARK: turns

  /// Begins what may begin now.
  private func pump() {
    let now = clock()
    schedule.wake(now: now)
    if isOneAlone(now) { return setTimer(now) }
    var begun: [(job: ScheduledJob, start: Schedule.Start, row: TransportTable.Row)] = []
    while let start = schedule.next(now: now) {
      guard let job = jobs.removeValue(forKey: start.item) else {
        _ = schedule.ended(start, .untried, now: now)
        continue
      }
      if mayBegin(job), let row = row(job) {
        run(job, start.item)
        begun.append((job, start, row))
      } else {
        _ = schedule.ended(start, .untried, now: now)
        ended(job.owner)
      }
    }
    if !begun.isEmpty { marks.write() }
    for (job, start, row) in begun { begin(job, start, start.item, row, now) }
    setTimer(now)
  }

  /// Whether a suspect is being tried, and nothing else may be; begins with the next one.
  private func isOneAlone(_ now: Int64) -> Bool {
    if let alone, alone.open > 0, now < aloneUntil { return true }
    alone = nil
    while alone == nil, let (routed, lane) = suspects.removeFirst() {
      let owner = admit(routed, lane, now)
      guard owner.open > 0 else { continue }
      alone = owner
      aloneUntil = now + Scheduler.quarantine
      for number in jobs.filter({ $0.value.owner === owner }).map(\.key) {
        // Its place in the line is left behind, empty.
        guard let job = jobs.removeValue(forKey: number) else { continue }
        guard mayBegin(job), let row = row(job) else {
          ended(owner)
          continue
        }
        run(job, number)
        marks.write()
        begin(job, nil, number, row, now)
      }
      if owner.open == 0 { alone = nil }
    }
    return alone != nil
  }

  private func mayBegin(_ job: ScheduledJob) -> Bool {
    !job.owner.lane.isClosed && job.owner.lane.spool.begin(job.owner.message.id)
  }

  /// Its mark is to be written before the first byte is looked at.
  private func run(_ job: ScheduledJob, _ number: Int) {
    running[number] = job
    marks.began(job)
    job.owner.hasBegun = true
  }

  /// Without `start` the schedule does not know of it.
  private func begin(_ job: ScheduledJob, _ start: Schedule.Start?, _ number: Int, _ row: TransportTable.Row, _ now: Int64) {
    let owner = job.owner
    var order = DeliveryJob(
      message: owner.message, recipients: job.recipients, hop: job.hop, taken: owner.taken, began: now,
      isBacklogged: start.map { schedule.hasMore($0) } ?? false)
    order.isProbe = owner.message.envelope.isProbe
    loop.spawn { [order] in
      let result = order.isProbe ? await row.transport.probe(order) : await row.transport.deliver(order)
      self.finish(start, number, job, order, row, result)
    }
  }

  private func finish(
    _ start: Schedule.Start?, _ number: Int, _ job: ScheduledJob, _ order: DeliveryJob, _ row: TransportTable.Row, _ result: DeliveryResult
  ) {
    running[number] = nil
    marks.ended(job)
    let now = clock()
    var dropped: [Int] = []
    if let start {
      switch result.site {
      case .alive: dropped = schedule.ended(start, .alive, now: now)
      case .dead(let reason): dropped = schedule.ended(start, .dead(reason), now: now)
      }
    }
    conclude(job, order, row.service, result)
    ended(job.owner)
    if case .dead(let reason) = result.site { giveUp(dropped, reason.suspended) }
    wantPump()
  }

  /// Once for all that end in the same turn of the loop.
  private func wantPump() {
    guard !isPumpWanted else { return }
    isPumpWanted = true
    loop.spawn {
      self.isPumpWanted = false
      self.pump()
      self.marks.clear()
    }
  }

  // MARK: what is not tried

  private func giveUp(_ numbers: [Int], _ reason: Reason) {
    for job in numbers.compactMap({ jobs.removeValue(forKey: $0) }) {
      job.owner.open -= 1
      putOff(job, reason)
    }
  }

  /// A dead destination may have thousands of them: mail for others does not wait behind that.
  private func putOff(_ job: ScheduledJob, _ reason: Reason) {
    job.owner.open += 1
    untried.append((job, reason))
    guard !isPuttingOff else { return }
    isPuttingOff = true
    loop.spawn { await self.putOffAll() }
  }

  private func putOffAll() async {
    while !untried.isEmpty {
      await loop.leisure()
      let now = clock()
      for _ in 0..<min(Self.portion, untried.count) {
        guard let (job, reason) = untried.removeFirst() else { break }
        postpone(job, reason, now)
        ended(job.owner)
      }
    }
    isPuttingOff = false
  }

  private func postpone(_ job: ScheduledJob, _ reason: Reason, _ now: Int64) {
    guard mayBegin(job) else { return }
    var order = DeliveryJob(message: job.owner.message, recipients: job.recipients, hop: job.hop, taken: job.owner.taken, began: now)
    order.isProbe = order.message.envelope.isProbe
    conclude(job, order, "error", DeliveryResult(job.recipients.map { RecipientResult($0.index, .deferred, reason) }))
  }

  private func conclude(_ job: ScheduledJob, _ order: DeliveryJob, _ service: Service, _ result: DeliveryResult) {
    job.owner.untold.append(conclusion.conclude(order, result, service, job.owner.lane))
  }

  /// One job of it is over, or the last was added.
  private func ended(_ owner: ScheduledMessage) {
    owner.open -= 1
    guard owner.open == 0 else { return }
    conclusion.tell(owner.untold, of: owner.message, owner.lane) {
      [room, lane = owner.lane, id = owner.message.id, count = owner.message.due.count] in
      if !lane.isClosed { lane.spool.attemptEnded(id) }
      room.giveBack(1, recipients: count)
    }
  }

  private func setTimer(_ now: Int64) {
    guard let alarm = alone == nil ? schedule.nextAlarm : min(aloneUntil, schedule.nextAlarm ?? aloneUntil) else { return }
    let timer = timer ?? loop.timer { [unowned self] in pump() }
    self.timer = timer
    loop.arm(timer, at: loop.now + .microseconds(max(1000, alarm - now)))
  }

  /// Forgets what waits of a lane.
  private func drop(_ lane: SchedulerLane) {
    for suspect in suspects.drain() {
      if suspect.lane === lane { room.giveBack(1, recipients: suspect.message.message.due.count) } else { suspects.append(suspect) }
    }
    for (number, job) in jobs where job.owner.lane === lane {
      jobs[number] = nil
      ended(job.owner)
    }
    for (job, reason) in untried.drain() {
      if job.owner.lane === lane { ended(job.owner) } else { untried.append((job, reason)) }
    }
  }

  private static let unavailable = Reason(status: "4.3.0", text: "mail transport unavailable")
  private static let deferredTransport = Reason(status: "4.3.2", text: "deferred transport")
}

extension Reason {
  /// As a delivery that was not tried says it.
  var suspended: Reason { Reason(status: status, text: "delivery temporarily suspended: \(text)") }
}

extension NextHop {
  /// Where nobody knows.
  static let none = NextHop(transport: "error", destination: "")
}

extension Array {
  /// Parts of at most `size`; one part where that is 0.
  fileprivate func inParts(of size: Int) -> [[Element]] {
    guard size > 0, count > size else { return [self] }
    return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
