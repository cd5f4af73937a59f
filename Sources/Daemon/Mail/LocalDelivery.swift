// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import Settings
import Spool

/// The threads that take messages from the spool and put them into mailboxes.
final class LocalDelivery: Sendable {
  private let setup: Setup
  private let spool: Spool
  private let users: UserDirectory
  private let usesMailboxService: Bool
  private let log: Log
  /// Nil where no stage is told of deliveries.
  private let reports: DeliveryReports?
  private let threads = Monitor<[Thread]>([])

  init(_ setup: Setup, spool: Spool, users: UserDirectory, usesMailboxService: Bool, reports: DeliveryReports?, log: Log) {
    self.setup = setup
    self.spool = spool
    self.users = users
    self.usesMailboxService = usesMailboxService
    self.reports = reports
    self.log = log
  }

  func start() throws(SystemError) {
    for worker in 0..<setup.configuration[Keys.deliveryThreads] {
      let thread = try Thread(name: "deliver-\(worker)") { self.agent(worker).run() }
      threads.withLock { $0.append(thread) }
    }
  }

  /// Lets the threads finish the messages they have, and waits for them.
  func stop() {
    spool.stopDelivery()
    let running = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in running { thread.join() }
  }

  private func agent(_ worker: Int) -> LocalAgent {
    let transport = usesMailboxService ? MailboxClient(path: setup.mailboxSocket, hostname: setup.configuration[Keys.myhostname]) : nil
    return LocalAgent(
      spool, worker: worker, disk: LinuxDisk(), users: users, transport: transport, lockPatience: LockPatience(setup.configuration),
      luserRelay: LuserRelay(setup), clock: wallClock
    ) { [log, reports] report in
      log.event(report.event)
      reports?.tell(report)
    }
  }
}
