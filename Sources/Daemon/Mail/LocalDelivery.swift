// SPDX-License-Identifier: Apache-2.0
import Delivery
import Events
import Runtime
import Settings
import Spool

/// The deliveries of one lane: threads that take messages from the spool and put them into mailboxes, and the scheduler for all others.
final class LocalDelivery: Sendable {
  private let setup: Setup
  private let spool: Spool
  private let users: UserDirectory
  private let usesMailboxService: Bool
  private let senders: SenderReporter
  private let log: Log
  /// Nil where no stage is told of deliveries.
  private let reports: DeliveryReports?
  private let threads = Monitor<[Thread]>([])
  private let relaying: Relaying
  private let number: UInt8
  private let mailboxes: MailboxTransport
  private let lane = Monitor<SchedulerLane?>(nil)

  init(
    _ setup: Setup, spool: Spool, lane number: UInt8, users: UserDirectory, usesMailboxService: Bool, relaying: Relaying, senders: SenderReporter,
    reports: DeliveryReports?, log: Log
  ) {
    self.relaying = relaying
    self.number = number
    self.setup = setup
    self.spool = spool
    self.users = users
    mailboxes = MailboxTransport(probing: MailboxProbe(setup, users: users).result)
    self.usesMailboxService = usesMailboxService
    self.senders = senders
    self.reports = reports
    self.log = log
  }

  func start() throws(SystemError) {
    for worker in 0..<setup.configuration[Keys.deliveryThreads] {
      let thread = try Thread(name: "deliver-\(worker)") { self.agent(worker).run() }
      threads.withLock { $0.append(thread) }
    }
    let next = setup.configuration[Keys.deliveryThreads]
    try mailboxes.start { self.agent(next) }
    let added = try relaying.scheduler.add(spool, number: Int(number), worker: next, mailboxes: mailboxes, senders: senders)
    lane.withLock { $0 = added }
  }

  /// Takes nothing more; false if the scheduler is still trying something of the lane after `patience`. May be called again.
  func end(within patience: Duration) -> Bool {
    spool.stopDelivery()
    guard let lane = lane.withLock({ $0 }) else { return true }
    return relaying.scheduler.remove(lane, patience: patience)
  }

  /// After `end`: lets the threads finish the messages they have, and waits for them.
  func stop() {
    mailboxes.stop()
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.join() }
  }

  private func agent(_ worker: Int) -> LocalAgent {
    let transport = usesMailboxService ? MailboxClient(path: setup.mailboxSocket, hostname: setup.configuration[Keys.myhostname]) : nil
    return LocalAgent(
      spool, worker: worker, disk: LinuxDisk(), users: users, transport: transport, settings: SchedulerSettings(setup.configuration),
      lockPatience: LockPatience(setup.configuration), luserRelay: LuserRelay(setup), forwards: setup.ownForwards(log), senders: senders,
      clock: wallClock,
      report: { [log, reports] report in
        log.event(report.event)
        reports?.tell(report)
      },
      expired: { [log] id, sender in log.event(Event("qmgr", .expired(sender: sender), queueID: id)) })
  }
}
