// SPDX-License-Identifier: Apache-2.0
import Events
import Names
import Queue
import Runtime
import SMTP
import Spool

/// The transports `smtp`, `relay` and `lmtp`: hands messages to other servers. All of it happens on one loop, but for the disk.
package final class SMTPTransport: Transport, @unchecked Sendable {
  let settings: SMTPClientSettings
  let finder: HostFinder
  let connector: RelayConnector
  let loop: EventLoop
  let pool: BlockingPool
  let log: Log
  let cache: SessionCache
  let security: OutgoingSecurity
  let logins: OutgoingLogins
  let tell: Tell?

  /// Tells the postmaster, if that is wanted.
  package typealias Tell = @Sendable (RelayTrouble) async -> Void

  package init(
    _ settings: SMTPClientSettings, on loop: EventLoop, names: any NameService, security: OutgoingSecurity, logins: OutgoingLogins,
    pool: BlockingPool, log: Log, tell: Tell? = nil
  ) {
    self.tell = tell
    self.security = security
    self.logins = logins
    self.settings = settings
    self.loop = loop
    self.pool = pool
    self.log = log
    finder = HostFinder(settings: settings, names: RememberedNames(names) { loop.now })
    connector = RelayConnector(settings: settings, loop: loop)
    cache = SessionCache(on: loop)
  }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult { await RelayRun(self, job).run() }

  package func probe(_ job: DeliveryJob) async -> DeliveryResult { await RelayRun(self, job).run() }

  /// Ends the connections that are kept. On the loop.
  package func close() { cache.empty() }

  func info(_ id: QueueID?, _ text: String) { log.info(service, id, text) }

  func warn(_ text: String) { log.warning(service, text) }

  private var service: Service { settings.rules.service == .lmtp ? "lmtp" : "smtp" }
}
