// SPDX-License-Identifier: Apache-2.0
import Runtime
import Synchronization

/// When a cache is written to disk, and cleaned up.
final class CacheKeeper: Sendable {
  private struct Times {
    var save: Instant
    var cleanUp: Instant
  }

  /// What has changed is written so often: who loses it has to find it out once more.
  private static let saveInterval = Duration.seconds(30)

  /// Nil where the cache is kept in memory alone.
  private let store: CacheStore?
  private let pool: BlockingPool
  private let cleanUpInterval: Duration
  private let times: Monitor<Times>
  private let isWorking = Atomic(false)

  /// Takes over what is kept. `cleanUpInterval` of zero: never.
  init(_ store: CacheStore?, cleanUpInterval: Duration, pool: BlockingPool) {
    self.store = store
    self.pool = pool
    self.cleanUpInterval = cleanUpInterval
    times = Monitor(Times(save: .now() + Self.saveInterval, cleanUp: .now() + cleanUpInterval))
    store?.load()
  }

  /// Does what is due, on a thread of the pool.
  func refresh() {
    let now = Instant.now()
    let (saves, cleansUp) = times.withLock { times in
      let due = (times.save <= now, cleanUpInterval > .zero && times.cleanUp <= now)
      if due.0 { times.save = now + Self.saveInterval }
      if due.1 { times.cleanUp = now + cleanUpInterval }
      return due
    }
    guard saves || cleansUp, !isWorking.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let isTaken = pool.submit { [self] in
      if cleansUp { store?.cleanUp() }
      store?.save()
      isWorking.store(false, ordering: .releasing)
    }
    if !isTaken { isWorking.store(false, ordering: .releasing) }
  }

  /// Writes what has changed, on the calling thread.
  func stop() { store?.save() }
}
