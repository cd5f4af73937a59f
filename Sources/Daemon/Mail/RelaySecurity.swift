// SPDX-License-Identifier: Apache-2.0
import Delivery
import Names
import Runtime

/// TLS and logins of what leaves: settings, the policies that domains have, and how it went.
final class RelaySecurity: Sendable {
  private struct Client {
    let security: SecuritySettings
    let logins: LoginSettings
  }

  private let clients: [String: Client]
  private let policies: MTASTSPolicies?
  private let outcomes: TLSOutcomes?
  private let pool: BlockingPool
  private let log: Log
  private let nextKeep = Monitor(Instant.distantPast)

  /// What changes of it is written this often.
  private static let interval = Duration.seconds(5)

  init(_ setup: Setup, names: any NameService, pool: BlockingPool, log: Log) throws {
    var clients: [String: Client] = [:]
    for client in setup.clientTransports {
      let seen = setup.seen(by: client.block)
      var security = try SecuritySettings(seen, client.securityKeys)
      if !client.isLMTP { security.mtaSTS = MTASTSSettings(seen) }
      clients[client.name] = Client(security: security, logins: LoginSettings(seen, client.securityKeys))
    }
    self.clients = clients
    self.pool = pool
    self.log = log
    // Policies are all clients' own, and the authorities that prove them those of the first that asks for any.
    let first = setup.clientTransports.lazy.compactMap { clients[$0.name] }.first { $0.security.mtaSTS != nil }
    policies = first.flatMap { first in
      first.security.mtaSTS.map { MTASTSPolicies($0, authorities: first.security.authorities, names: names, log: log, clock: wallClock) }
    }
    outcomes = setup.outcomesDays.map { TLSOutcomes(path: setup.outcomesFile, days: $0, clock: wallClock) }
  }

  /// For one transport.
  func client(_ client: ClientTransport, names: any NameService) -> (security: OutgoingSecurity, logins: OutgoingLogins)? {
    guard let found = clients[client.name] else { return nil }
    let policies = found.security.mtaSTS == nil ? nil : policies
    let security = OutgoingSecurity(found.security, names: names, stsPolicies: policies, outcomes: outcomes, pool: pool, log: log)
    return (security, OutgoingLogins(found.logins))
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
