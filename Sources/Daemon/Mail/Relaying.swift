// SPDX-License-Identifier: Apache-2.0
import Delivery
import Events
import Names
import Queue
import Runtime
import Settings
import Spool

/// The scheduler of a process, on a loop of its own, with all the transports that there are.
final class Relaying: Sendable {
  /// What transports are made from.
  struct Means: Sendable {
    let setup: Setup
    /// On which every transport is called.
    let loop: EventLoop
    let names: any NameService
    let pool: BlockingPool
    let security: RelaySecurity
    let log: Log
    /// For messages that deliveries send on.
    let spool: Spool
    let users: UserDirectory
    /// Of whom they are sent on to.
    let expander: RecipientExpander?
    /// The mailbox process, where there is one.
    let others: ProgramClient?
  }

  let scheduler: Scheduler
  let transports: TransportTable
  let loop: EventLoop
  private let thread: Monitor<Thread?>
  private let security: RelaySecurity

  /// At the end, what is being tried is waited for so long.
  static let patience = Duration.seconds(3)

  init(
    _ setup: Setup, spool: Spool, users: UserDirectory, names: any NameService, pool: BlockingPool, expander: RecipientExpander?,
    usesMailboxService: Bool,
    reports: DeliveryReports?, log: Log
  ) throws {
    let loop = try EventLoop()
    let security = try RelaySecurity(setup, names: names, pool: pool, log: log)
    self.security = security
    let others = usesMailboxService ? ProgramClient(path: setup.mailboxSocket, hostname: setup.configuration[Keys.myhostname]) : nil
    let means = Means(
      setup: setup, loop: loop, names: names, pool: pool, security: security, log: log, spool: spool, users: users, expander: expander,
      others: others)
    let forwards: any ForwardDirectory = others ?? setup.ownForwards(log)
    transports = TransportTable(means)
    scheduler = Scheduler(
      on: loop, SchedulerSettings(setup.configuration), transports: transports, router: setup.router(users: users, forwards: forwards),
      clock: wallClock,
      report: { [log, reports] report in
        log.event(report.event)
        reports?.tell(report)
      },
      expired: { [log] id, sender in log.event(Event("qmgr", .expired(sender: sender), queueID: id)) })
    self.loop = loop
    thread = Monitor(try Thread(name: "relay") { loop.run() })
  }

  /// What is to be done now and then. Blocks on the disk.
  func doChores() { security.keep() }

  /// From now on nothing is said to other servers, and nothing noted of what they say.
  func halt() {
    loop.stop()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  /// After the last lane was removed.
  func stop() {
    halt()
    security.stop()
  }
}

extension TransportTable {
  /// A line for each transport; `error`, `retry` and `discard` are there already, `local` and `virtual` belong to each lane.
  init(_ means: Relaying.Means) {
    self.init()
    addSMTPClients(means)
    addPrograms(means)
  }
}
