// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names

/// What the Domain Name System calls a client.
package struct PeerName: Equatable, Sendable {
  /// Postfix's classes; they decide between 450 and 550 where a policy asks for a known name.
  package enum Status: Sendable {
    /// The name's own addresses include the client's.
    case verified
    case temporaryFailure
    case notFound
    /// The name that the address points to has other addresses.
    case forged
  }

  package let status: Status
  /// The verified name, or `unknown`.
  package let name: String
  /// The name that the address points to, verified or not, or `unknown`.
  package let reverseName: String

  package static let unknown = "unknown"

  /// The name of a client that nobody looked up.
  package static let notLookedUp = PeerName(.notFound)

  package init(verified name: String) { (status, self.name, reverseName) = (.verified, name, name) }

  package init(_ status: Status, reverseName: String = unknown) {
    (self.status, name, self.reverseName) = (status, Self.unknown, reverseName)
  }
}

/// Names of clients for the log and the Received field, each remembered for some minutes.
///
/// Clients that come from one address at the same time share one look-up.
package final class PeerNames: Sendable {
  private struct State {
    var cache: ExpiringCache<IPAddress, PeerName>
    /// Who waits for a look-up that is under way.
    var waiting: [IPAddress: [UnsafeContinuation<PeerName, Never>]] = [:]
  }

  private enum Admission {
    case known(PeerName)
    case mustAsk
    case mustWait
  }

  /// How long a name is remembered, or less where its records hold for less.
  package static let lifetime = Duration.seconds(300)
  package static let lifetimeOfFailures = Duration.seconds(60)
  package static let lifetimeOfTemporaryFailures = Duration.seconds(10)

  /// How long a server is waited for: the client gets no banner meanwhile.
  package static let patience = Duration.seconds(1)

  private let service: any NameService
  private let now: @Sendable () -> Instant
  private let state: Monitor<State>

  package init(service: any NameService, capacity: Int = 4096, now: @escaping @Sendable () -> Instant = Instant.now) {
    self.service = service
    self.now = now
    state = Monitor(State(cache: ExpiringCache(capacity: capacity)))
  }

  /// The name of `address`, at once when it is remembered.
  package func lookUp(_ address: IPAddress) async -> PeerName {
    switch admit(address) {
    case .known(let name): return name
    case .mustWait: return await wait(for: address)
    case .mustAsk:
      var timeToLive = Self.lifetime
      let name = await ask(address, &timeToLive)
      finish(address, name, timeToLive)
      return name
    }
  }

  private func admit(_ address: IPAddress) -> Admission {
    let now = now()
    return state.withLock { state in
      if let name = state.cache.value(for: address, now: now) { return .known(name) }
      guard state.waiting[address] == nil else { return .mustWait }
      state.waiting[address] = []
      return .mustAsk
    }
  }

  private func wait(for address: IPAddress) async -> PeerName {
    let now = now()
    return await withUnsafeContinuation { continuation in
      let known = state.withLock { state -> PeerName? in
        if state.waiting[address] == nil { return state.cache.value(for: address, now: now) ?? PeerName(.temporaryFailure) }
        state.waiting[address]?.append(continuation)
        return nil
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  private func finish(_ address: IPAddress, _ name: PeerName, _ timeToLive: Duration) {
    let expiry = now() + min(Self.lifetime(of: name), timeToLive)
    let waiting = state.withLock { state in
      state.cache.set(name, for: address, until: expiry)
      return state.waiting.removeValue(forKey: address) ?? []
    }
    for continuation in waiting { continuation.resume(returning: name) }
  }

  private static func lifetime(of name: PeerName) -> Duration {
    switch name.status {
    case .verified: lifetime
    case .notFound, .forged: lifetimeOfFailures
    case .temporaryFailure: lifetimeOfTemporaryFailures
    }
  }

  private func ask(_ address: IPAddress, _ timeToLive: inout Duration) async -> PeerName {
    switch await records(.ptr(address), &timeToLive) {
    case .failure(let failure): return PeerName(Self.status(failure))
    case .success(let records):
      guard let name = records.lazy.compactMap(\.pointer).first, Self.isPresentable(name) else { return PeerName(.notFound) }
      return await confirm(name, address, &timeToLive)
    }
  }

  private func confirm(_ name: String, _ address: IPAddress, _ timeToLive: inout Duration) async -> PeerName {
    switch await records(address.family == .v4 ? .a(name) : .aaaa(name), &timeToLive) {
    case .failure(let failure): return PeerName(Self.status(failure), reverseName: name)
    case .success(let records): return records.contains(.address(address)) ? PeerName(verified: name) : PeerName(.forged, reverseName: name)
    }
  }

  private func records(_ query: NameQuery, _ timeToLive: inout Duration) async -> Result<[NameRecord], NameFailure> {
    let answer = await service.fullAnswer(query, within: Self.patience)
    if case .success(let answer) = answer, let seconds = answer.timeToLive { timeToLive = min(timeToLive, .seconds(seconds)) }
    return answer.map(\.records)
  }

  private static func status(_ failure: NameFailure) -> PeerName.Status {
    switch failure {
    case .notFound: .notFound
    case .temporary, .unsupported: .temporaryFailure
    }
  }

  /// A pointer record can hold anything, and its owner is the client: only a host name that is no address gets into headers and log.
  private static func isPresentable(_ name: String) -> Bool {
    isHostName(name) && !name.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}

extension NameRecord {
  fileprivate var pointer: String? { if case .pointer(let name) = self { name } else { nil } }
}
