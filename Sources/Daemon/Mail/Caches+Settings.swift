// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Runtime
import Server
import Settings

extension PassCache: StoredCache {
  package func takeText() -> [UInt8]? { takeChanges().map(PassList.text) }
  package func adopt(_ bytes: [UInt8], now: Int64) throws { adopt(try PassList.read(bytes, limit: PassCache.capacity), now: now) }
}

extension AddressVerifier: StoredCache {}

extension Setup {
  /// The clients that have passed the tests of postscreen's, for all listeners.
  func passCache(pool: BlockingPool, log: Log) -> (cache: PassCache, keeper: CacheKeeper) {
    let cache = PassCache(retention: configuration[Keys.postscreenCacheRetentionTime])
    let store = passFolder.map { CacheStore(folder: $0, name: "passed", maximumSize: 16 << 20, cache: cache, service: "postscreen", log: log) }
    return (cache, CacheKeeper(store, cleanUpInterval: configuration[Keys.postscreenCacheCleanupInterval], pool: pool))
  }

  /// The folder that `postscreen_cache_map` names, if a listener has a use for it.
  var passFolder: String? {
    guard configuration.listeners.contains(where: { $0[Keys.postscreen] }) else { return nil }
    let path = configuration[Keys.postscreenCacheMap]
    return path.isEmpty ? nil : path
  }

  /// Keeps what is known of addresses.
  func verifyKeeper(_ verifier: AddressVerifier, pool: BlockingPool, log: Log) -> CacheKeeper {
    let folder = configuration[Keys.addressVerifyMap]
    let store =
      folder.isEmpty ? nil : CacheStore(folder: folder, name: "verified", maximumSize: 64 << 20, cache: verifier, service: "verify", log: log)
    return CacheKeeper(store, cleanUpInterval: configuration[Keys.addressVerifyCacheCleanupInterval], pool: pool)
  }
}
