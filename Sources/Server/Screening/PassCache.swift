// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// The clients that have passed tests of postscreen's, in memory. Shared by the listeners and loops of a process.
///
/// Bounded: when it is full, the client longest unseen is forgotten, and waits again.
package final class PassCache: Sendable {
  package typealias Entry = (key: IPAddress, value: Passes)

  private struct State {
    var passes: ExpiringCache<IPAddress, Passes>
    var isChanged = false
  }

  package static let capacity = 100_000

  private let state: Monitor<State>
  /// `postscreen_cache_retention_time`: how long after its last test has run out a client is still no new one.
  private let retention: Duration

  package init(capacity: Int = PassCache.capacity, retention: Duration = .seconds(7 * 86_400)) {
    self.retention = retention
    state = Monitor(State(passes: ExpiringCache(capacity: capacity)))
  }

  /// Nil for a client that was never seen, or long ago. `now` is in seconds since 1970.
  package func passes(of client: IPAddress, now: Int64) -> Passes? {
    state.withLock { $0.passes.value(for: client, now: Self.instant(now)) }
  }

  package func remember(_ passes: Passes, for client: IPAddress) {
    state.withLock { state in
      set(passes, for: client, &state)
      state.isChanged = true
    }
  }

  /// Takes over what another process or an earlier one knew; what is known already counts where it holds longer.
  package func adopt(_ entries: [Entry], now: Int64) {
    state.withLock { state in
      for (client, passes) in entries {
        let known = state.passes.value(for: client, now: Self.instant(now))
        set(known.map { passes.merged(with: $0) } ?? passes, for: client, &state)
      }
    }
  }

  /// What is to be kept, the client longest unseen first, if that has changed since the last call.
  package func takeChanges() -> [Entry]? {
    state.withLock { state in
      guard state.isChanged else { return nil }
      state.isChanged = false
      return state.passes.contents
    }
  }

  /// What `takeChanges` gave could not be kept.
  package func restoreChanges() { state.withLock { $0.isChanged = true } }

  /// Forgets clients whose time is over.
  package func cleanUp(now: Int64) -> (retained: Int, dropped: Int) {
    state.withLock { state in
      let dropped = state.passes.removeEnded(now: Self.instant(now))
      if dropped > 0 { state.isChanged = true }
      return (state.passes.count, dropped)
    }
  }

  private func set(_ passes: Passes, for client: IPAddress, _ state: inout State) {
    state.passes.set(passes, for: client, until: Self.instant(passes.last) + retention)
  }

  /// The clock on the wall, as a clock that a cache can go by.
  private static func instant(_ seconds: Int64) -> Instant { .distantPast + .seconds(max(0, seconds)) }
}
