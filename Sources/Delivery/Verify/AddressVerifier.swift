// SPDX-License-Identifier: Apache-2.0
import Bytes
import IDNA
import Restrictions
import Runtime
import SMTP

/// Postfix's verify(8): answers at once with what is known of an address, and has it asked about where that is due. For all sessions of the process.
package final class AddressVerifier: AddressVerification, Sendable {
  private struct State {
    var cache: VerificationCache
    /// What is being asked about.
    var underWay: Set<String> = []
  }

  private let state: Monitor<State>
  private let prober: any AddressProber
  private let limit: Int
  private let clock: @Sendable () -> Int64

  /// `clock`: microseconds since 1970. At most `limit` addresses are asked about at a time.
  package init(_ rules: VerificationCache.Rules, prober: any AddressProber, limit: Int, clock: @escaping @Sendable () -> Int64) {
    state = Monitor(State(cache: VerificationCache(rules)))
    self.prober = prober
    self.limit = max(1, limit)
    self.clock = clock
  }

  package func status(of address: SMTP.Mailbox, _ destination: Destination) -> Verification {
    let key = "\(address.localPart)@\(RelayPolicy.canonical(address.domain ?? ""))"
    let now = clock() / 1_000_000
    let (known, mustAsk) = state.withLock { state -> (Verification?, Bool) in
      let (known, isDue) = state.cache.look(key, now: now)
      guard isDue, state.underWay.count < limit, state.underWay.insert(key).inserted else { return (known, false) }
      return (known, true)
    }
    if mustAsk { prober.probe(address.address, destination) { [self] found in finish(key, found) } }
    return known ?? .pending
  }

  private func finish(_ key: String, _ found: Verification) {
    let now = clock() / 1_000_000
    state.withLock { state in
      state.underWay.remove(key)
      state.cache.note(found, of: key, now: now)
    }
  }

  // MARK: the disk

  package func takeText() -> [UInt8]? { state.withLock { $0.cache.takeChanges() }.map(VerificationList.text) }
  package func restoreChanges() { state.withLock { $0.cache.restoreChanges() } }

  package func adopt(_ bytes: [UInt8], now: Int64) throws(SealedLines.Damage) {
    let entries = try VerificationList.read(bytes, limit: VerificationCache.capacity)
    state.withLock { $0.cache.adopt(entries, now: now) }
  }

  package func cleanUp(now: Int64) -> (retained: Int, dropped: Int) { state.withLock { $0.cache.cleanUp(now: now) } }
}

/// Asks about one address after the other.
package protocol AddressProber: Sendable {
  /// Calls `done` once, on any thread, later.
  func probe(_ address: String, _ destination: Destination, done: @escaping @Sendable (Verification) -> Void)
}
