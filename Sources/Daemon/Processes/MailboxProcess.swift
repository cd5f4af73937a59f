// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import SMTP
import Settings

/// The `mailbox` process: delivers to system users, as each of them. It starts as root and keeps only the right to become others.
enum MailboxProcess {
  static func run(_ setup: Setup, _ log: Log) throws {
    let owner = try setup.owner()
    try Identity.keepOnlyAssuming(as: owner)
    try TableOpener(log: log).open(setup)
    guard let listener = setup.configuration.listeners.first else { return }
    let settings = MailboxService.Settings(
      server: ServerConfiguration(listener, setup, ownAddresses: setup.ownAddresses()), trustedUID: owner.uid,
      sessions: setup.configuration[Keys.deliveryThreads] + 3 + ProgramHandler.most)
    let programs = setup.relayPolicy().map { ProgramHandler(setup, setup.localAliases($0), mayBecomeOthers: true, log: log) }
    let service = MailboxService(settings, users: UserDirectory(setup), disk: LinuxDisk(), programs: programs, clock: wallClock) {
      log.info("local", $0)
    }
    let thread = try Thread(name: "mailbox") {
      do {
        try service.run(listenerDescriptor: Handover.firstSocket)
      } catch {
        log.error("local", "\(error)")
      }
    }
    var signal: Signal?
    while signal != .terminate {
      if signal == .hangUp || signal == .user1 { DaemonLog.reopen(log, setup, owner: nil) }
      Heartbeat.beat(on: Handover.heartbeat)
      signal = Signal.wait(timeout: .seconds(1))
    }
    service.stop()
    thread.join()
  }
}
