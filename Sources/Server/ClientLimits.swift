// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// How many connections a client holds and how often it comes: what Postfix's anvil counts. Shared by all loops of a process.
package final class ClientLimits: Sendable {
  package struct Limits: Sendable {
    /// `smtpd_client_connection_count_limit`; 0 means no limit.
    package var connections: Int
    /// `smtpd_client_connection_rate_limit` per `timeUnit` (`anvil_rate_time_unit`); 0 means no limit.
    package var rate: Int
    package var timeUnit: Duration
    /// `smtpd_client_event_limit_exceptions`.
    package var exceptions: NetworkList

    package init(connections: Int, rate: Int, timeUnit: Duration, exceptions: NetworkList) {
      self.connections = connections
      self.rate = rate
      self.timeUnit = timeUnit
      self.exceptions = exceptions
    }
  }

  /// Why a client is turned away, in Postfix's words.
  package enum Refusal: Equatable, Sendable {
    case tooManyConnections
    case tooFrequent
  }

  private struct Client {
    var open = 0
    var began: Instant
    var arrivals = 0
  }

  private let limits: Limits
  private let clients = Monitor<[IPAddress: Client]>([:])
  /// Clients that are remembered only for their rate are forgotten beyond so many.
  private static let capacity = 100_000

  package init(_ limits: Limits) { self.limits = limits }

  /// A connection has come; call `left` when it goes, unless it is refused.
  package func arrived(_ address: IPAddress, now: Instant) -> Refusal? {
    guard counts(address) else { return nil }
    return clients.withLock { clients in
      var client = clients[address] ?? Client(began: now)
      if client.began + limits.timeUnit <= now {
        client.began = now
        client.arrivals = 0
      }
      client.arrivals += 1
      defer { clients[address] = client }
      if limits.rate > 0, client.arrivals > limits.rate { return .tooFrequent }
      if limits.connections > 0, client.open >= limits.connections { return .tooManyConnections }
      client.open += 1
      if clients.count > Self.capacity { clients = clients.filter { $0.value.open > 0 } }
      return nil
    }
  }

  package func left(_ address: IPAddress) {
    guard counts(address) else { return }
    clients.withLock { clients in
      guard var client = clients[address], client.open > 0 else { return }
      client.open -= 1
      clients[address] = client.open == 0 && limits.rate == 0 ? nil : client
    }
  }

  private func counts(_ address: IPAddress) -> Bool {
    (limits.connections > 0 || limits.rate > 0) && !limits.exceptions.contains(address)
  }
}
