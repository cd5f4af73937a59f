// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Runtime

/// Finds the policies of domains, fetches them where need be, and keeps them in memory and on disk: RFC 8461 §5.
package final class MTASTSPolicies: Sendable {
  package enum Finding: Equatable, Sendable {
    case absent
    case found(MTASTSPolicy)
    /// There should be one, and it cannot be had: mail goes as if there were none.
    case failed(TLSOutcome)
  }

  private struct State {
    var cache: MTASTSCache
    /// Fetches that failed, by domain and id.
    var failures = ExpiringCache<String, TLSOutcome>(capacity: 1000)
  }

  /// RFC 8461 §3.3: a fetch that failed is not tried again before this.
  private static let failureLifetime = Duration.seconds(300)
  /// Fetches at a time, and domains that wait for theirs.
  private static let fetches = 8
  private static let queue = 256

  private let settings: MTASTSSettings
  private let authorities: TLSAuthorities
  private let names: any NameService
  private let pool = BlockingPool(name: "mta-sts", threads: fetches, queue: queue)
  private let log: Log
  private let clock: @Sendable () -> Int64
  private let state: Monitor<State>
  /// By domain and id.
  private let fetching = SharedWork<String, Finding>()

  /// `clock` tells microseconds since 1970. Reads what was kept, so not on a loop.
  package init(_ settings: MTASTSSettings, authorities: TLSAuthorities, names: any NameService, log: Log, clock: @escaping @Sendable () -> Int64) {
    self.settings = settings
    self.authorities = authorities
    self.names = names
    self.log = log
    self.clock = clock
    var cache = MTASTSCache(limit: settings.cacheLimit)
    if let path = settings.cacheFile { cache.read(KeptFile.text(of: path), now: clock() / 1_000_000) }
    state = Monitor(State(cache: cache))
  }

  package func policy(for domain: String) async -> Finding {
    let domain = domain.lowercased()
    let now = clock() / 1_000_000
    let known = state.withLock { $0.cache.entry(domain, now: now) }
    guard let id = await id(domain) else { return known.map { .found($0.policy) } ?? .absent }
    guard let known else { return await fetch(domain, id) }
    if known.id == id, !known.isDueForRefresh(at: now) { return .found(known.policy) }
    // RFC 8461 §3.1: the new policy counts once it can be had, the old one until it ends.
    if case .found(let policy) = await fetch(domain, id) { return .found(policy) }
    return .found(known.policy)
  }

  /// Writes what has changed. Blocks on the disk.
  package func keep() {
    guard let path = settings.cacheFile else { return }
    guard let text = state.withLock({ $0.cache.hasChanged ? $0.cache.takeText() : nil }) else { return }
    if let failure = KeptFile.write(text, to: path) { log.warning("mta-sts", failure) }
  }

  package func stop() {
    pool.stop()
    keep()
  }

  // MARK: Asking

  private func id(_ domain: String) async -> String? {
    guard case .success(let answer) = await names.findings(.txt("_mta-sts.\(domain)"), within: nil) else { return nil }
    return MTASTSRecord.id(answer.records.compactMap { if case .text(let text) = $0 { text } else { nil } })
  }

  private func fetch(_ domain: String, _ id: String) async -> Finding {
    let key = "\(domain) \(id)"
    let now = Instant.now()
    if let outcome = state.withLock({ $0.failures.value(for: key, now: now) }) { return .failed(outcome) }
    return await fetching.value(for: key) { [self] in finish(domain, id, await get(domain)) }
  }

  private func get(_ domain: String) async -> Result<[UInt8], HTTPSFetch.Failure> {
    var addresses: [IPAddress] = []
    for query in [NameQuery.aaaa("mta-sts.\(domain)"), .a("mta-sts.\(domain)")] {
      guard case .success(let answer) = await names.findings(query, within: nil) else { continue }
      addresses += answer.records.compactMap { if case .address(let address) = $0 { address } else { nil } }
    }
    guard !addresses.isEmpty else { return .failure(HTTPSFetch.Failure(kind: .connection, text: "mta-sts.\(domain) has no address")) }
    return await pool.run { [self, addresses] in getNow(domain, addresses) }
      ?? .failure(HTTPSFetch.Failure(kind: .connection, text: "too many policies at once"))
  }

  /// RFC 8461 §3.2, §3.3.
  private func getNow(_ domain: String, _ addresses: [IPAddress]) -> Result<[UInt8], HTTPSFetch.Failure> {
    HTTPSFetch.get(
      HTTPSFetch.Request(
        host: "mta-sts.\(domain)", path: "/.well-known/mta-sts.txt", addresses: addresses, authorities: authorities, timeout: settings.timeout,
        limit: 64 * 1024, mediaType: "text/plain"))
  }

  private func finish(_ domain: String, _ id: String, _ result: Result<[UInt8], HTTPSFetch.Failure>) -> Finding {
    switch result {
    case .failure(let failure):
      return fail(domain, id, failure.kind == .certificate ? .webPKIInvalid : .policyFetchError, failure.text)
    case .success(let body):
      guard let policy = MTASTSPolicy(String(decoding: body, as: UTF8.self)) else { return fail(domain, id, .policyInvalid, "it is no policy") }
      let now = clock() / 1_000_000
      state.withLock { $0.cache.set(MTASTSCache.Entry(id: id, policy: policy, fetched: now), for: domain, now: now) }
      log.info("mta-sts", "\(domain): policy \(id), \(policy.mode.rawValue), \(policy.maxAge) s, \(policy.hosts.joined(separator: ", "))")
      return .found(policy)
    }
  }

  private func fail(_ domain: String, _ id: String, _ outcome: TLSOutcome, _ text: String) -> Finding {
    let expiry = Instant.now() + Self.failureLifetime
    state.withLock { $0.failures.set(outcome, for: "\(domain) \(id)", until: expiry) }
    log.warning("mta-sts", "\(domain): the policy \(id) cannot be had: \(text)")
    return .failed(outcome)
  }
}
