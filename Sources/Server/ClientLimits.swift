// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// How many connections a client holds, and how often it comes, sends and names recipients: what Postfix's anvil counts for one service.
/// Shared by all loops of a process.
///
/// Memory is bounded: by the connections there are, and by `idleCapacity` clients that have none, of which the one longest unseen is forgotten first.
package final class ClientLimits: Sendable, ClientMeter {
  package struct Limits: Sendable {
    /// `smtpd_client_connection_count_limit`; 0 means no limit, here and below.
    package var connections = 50
    /// `smtpd_client_connection_rate_limit`.
    package var connectionRate = 0
    /// `smtpd_client_message_rate_limit`, `smtpd_client_recipient_rate_limit`, `smtpd_client_new_tls_session_rate_limit`, `smtpd_client_auth_rate_limit`.
    package var rates: [MeteredEvent: Int] = [:]
    /// `anvil_rate_time_unit`.
    package var timeUnit = Duration.seconds(60)
    /// `smtpd_client_event_limit_exceptions`.
    package var exceptions = ClientList()
    /// `smtpd_client_ipv4_prefix_length`, `smtpd_client_ipv6_prefix_length`: clients of one network of this size count as one.
    package var prefixV4 = 32
    package var prefixV6 = 84

    package init() {}

    /// Whether anything but connections is limited.
    package var metersEvents: Bool { rates.values.contains { $0 > 0 } }
  }

  /// Why a client is turned away, with the number that is too high.
  package enum Refusal: Equatable, Sendable {
    case tooManyConnections(Int)
    case tooFrequent(Int)

    /// As Postfix's smtpd logs it.
    package func warning(_ client: String, service: String) -> String {
      switch self {
      case .tooManyConnections(let count): "Connection concurrency limit exceeded: \(count) from \(client) for service \(service)"
      case .tooFrequent(let rate): "Connection rate limit exceeded: \(rate) from \(client) for service \(service)"
      }
    }
  }

  struct Record {
    var open = 0
    var began: Instant
    var connections = 0
    var events = InlineArray<4, Int>(repeating: 0)
  }

  private struct State {
    var open: [IPAddress: Record] = [:]
    var idle = ExpiringCache<IPAddress, Record>(capacity: ClientLimits.idleCapacity)
    var statistics = ClientStatistics()
  }

  package static let idleCapacity = 50_000

  private let limits: Limits
  private let service: String
  private let rates: InlineArray<4, Int>
  private let state = Monitor(State())
  private let clock: @Sendable () -> Instant
  private let wallClock: @Sendable () -> Int64

  package var metersEvents: Bool { limits.metersEvents }

  package init(
    _ limits: Limits, service: String = "smtp", clock: @escaping @Sendable () -> Instant = Instant.now,
    wallClock: @escaping @Sendable () -> Int64 = Runtime.wallClock
  ) {
    self.limits = limits
    self.service = service
    self.clock = clock
    self.wallClock = wallClock
    var rates = InlineArray<4, Int>(repeating: 0)
    for event in MeteredEvent.allCases { rates[event.rawValue] = limits.rates[event] ?? 0 }
    self.rates = rates
  }

  // MARK: Connections

  /// A connection has come; call `left` when it goes, refused or not. Clients of `exceptions` are not asked about.
  package func arrived(_ client: Client) -> Refusal? {
    guard let key = key(of: client) else { return nil }
    return change(key) { record, statistics in
      record.open += 1
      record.connections += 1
      statistics.note(.connectionCount, record.open, key, wallClock)
      statistics.note(.connectionRate, record.connections, key, wallClock)
      if limits.connections > 0, record.open > limits.connections { return .tooManyConnections(record.open) }
      return limits.connectionRate > 0 && record.connections > limits.connectionRate ? .tooFrequent(record.connections) : nil
    }
  }

  package func left(_ client: Client) {
    guard let key = key(of: client) else { return }
    state.withLock { state in
      guard var record = state.open[key] else { return }
      record.open -= 1
      state.open[key] = record.open > 0 ? record : nil
      if record.open == 0 { state.idle.set(record, for: key, until: record.began + limits.timeUnit) }
    }
  }

  // MARK: Events

  package func count(_ event: MeteredEvent, by client: Client) -> Int? {
    let limit = rates[event.rawValue]
    guard limit > 0, let key = key(of: client) else { return nil }
    return change(key) { record, statistics in
      record.events[event.rawValue] += 1
      let count = record.events[event.rawValue]
      statistics.note(.event(event), count, key, wallClock)
      return count > limit ? count : nil
    }
  }

  package func excess(of event: MeteredEvent, by client: Client) -> Int? {
    let limit = rates[event.rawValue]
    guard limit > 0, let key = key(of: client) else { return nil }
    return change(key) { record, _ in record.events[event.rawValue] > limit ? record.events[event.rawValue] : nil }
  }

  /// The lines that Postfix's anvil logs every `anvil_status_update_time`: the highest figures since the last time.
  package func takeStatistics() -> [String] {
    state.withLock { state in
      defer { state.statistics = ClientStatistics() }
      return state.statistics.lines(service: service, unit: limits.timeUnit)
    }
  }

  package var rememberedClients: Int { state.withLock { $0.open.count + $0.idle.count } }

  // MARK: Records

  /// Nil for clients that are not counted.
  private func key(of client: Client) -> IPAddress? {
    // A user of this machine, of whom there are no more than addresses. Root may do what it likes anyway.
    if let submitter = client.submitter { return submitter.uid == 0 ? nil : IPAddress(v6: UInt64(submitter.uid) << 32, 0) }
    guard let address = client.address, limits.exceptions.isEmpty || !limits.exceptions.contains(client) else { return nil }
    return address.masked(to: address.family == .v4 ? limits.prefixV4 : limits.prefixV6)
  }

  private func change<Result: Sendable>(_ key: IPAddress, _ body: (inout Record, inout ClientStatistics) -> Result) -> Result {
    let now = clock()
    return state.withLock { state in
      var record = state.open[key] ?? state.idle.removeValue(for: key, now: now) ?? Record(began: now)
      if record.began + limits.timeUnit <= now { record = Record(open: record.open, began: now) }
      let result = body(&record, &state.statistics)
      if record.open > 0 { state.open[key] = record } else { state.idle.set(record, for: key, until: record.began + limits.timeUnit) }
      state.statistics.note(cacheSize: state.open.count + state.idle.count, wallClock)
      return result
    }
  }
}
