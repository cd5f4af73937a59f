// SPDX-License-Identifier: Apache-2.0
import Delivery
import Names
import Runtime

/// TLS and logins of what leaves: settings, the policies that domains have, and how it went.
final class RelaySecurity: Sendable {
  private let smtp: SecuritySettings
  private let lmtp: SecuritySettings
  private let logins: (smtp: LoginSettings, lmtp: LoginSettings)
  private let policies: MTASTSPolicies?
  private let outcomes: TLSOutcomes?
  private let pool: BlockingPool
  private let log: Log
  private let nextKeep = Monitor(Instant.distantPast)

  /// What changes of it is written this often.
  private static let interval = Duration.seconds(5)

  init(_ setup: Setup, names: any NameService, pool: BlockingPool, log: Log) throws {
    var smtp = try SecuritySettings(setup, .smtp)
    smtp.mtaSTS = MTASTSSettings(setup)
    self.smtp = smtp
    lmtp = try SecuritySettings(setup, .lmtp)
    logins = (LoginSettings(setup, .smtp), LoginSettings(setup, .lmtp))
    self.pool = pool
    self.log = log
    policies = smtp.mtaSTS.map { MTASTSPolicies($0, authorities: smtp.authorities, names: names, log: log, clock: wallClock) }
    outcomes = setup.outcomesDays.map { TLSOutcomes(path: setup.outcomesFile, days: $0, clock: wallClock) }
  }

  /// For one transport.
  func client(isLMTP: Bool, names: any NameService) -> (security: OutgoingSecurity, logins: OutgoingLogins) {
    let security = OutgoingSecurity(
      isLMTP ? lmtp : smtp, names: names, stsPolicies: isLMTP ? nil : policies, outcomes: outcomes, pool: pool, log: log)
    return (security, OutgoingLogins(isLMTP ? logins.lmtp : logins.smtp))
  }

  /// Writes what has changed, now and then. Blocks on the disk.
  func keep() {
    let now = Instant.now()
    let isDue = nextKeep.withLock { next in
      guard next <= now else { return false }
      next = now + Self.interval
      return true
    }
    if isDue { write() }
  }

  func stop() {
    policies?.stop()
    write()
  }

  private func write() {
    policies?.keep()
    if let failure = outcomes?.keep() { log.warning("tls", failure) }
  }
}
