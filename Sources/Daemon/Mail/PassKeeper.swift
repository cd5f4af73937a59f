// SPDX-License-Identifier: Apache-2.0
import Runtime
import Server
import Settings
import Synchronization

/// The clients that have passed the tests of postscreen's, for all listeners, and when they are written to disk.
final class PassKeeper: Sendable {
  private struct Times {
    var save: Instant
    var cleanUp: Instant
  }

  /// What has changed is written so often: who loses it has to wait once more.
  private static let saveInterval = Duration.seconds(30)

  let cache: PassCache
  /// Nil where passes are kept in memory alone.
  private let store: PassStore?
  private let pool: BlockingPool
  private let cleanUpInterval: Duration
  private let times: Monitor<Times>
  private let isWorking = Atomic(false)

  init(_ setup: Setup, pool: BlockingPool, log: Log) {
    let cache = PassCache(retention: setup.configuration[Keys.postscreenCacheRetentionTime])
    self.cache = cache
    self.pool = pool
    store = setup.passFolder.map { PassStore(folder: $0, cache: cache, log: log) }
    cleanUpInterval = setup.configuration[Keys.postscreenCacheCleanupInterval]
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

extension Setup {
  /// The folder that `postscreen_cache_map` names, if a listener has a use for it.
  var passFolder: String? {
    guard configuration.listeners.contains(where: { $0[Keys.postscreen] }) else { return nil }
    let path = configuration[Keys.postscreenCacheMap]
    return path.isEmpty ? nil : path
  }
}
