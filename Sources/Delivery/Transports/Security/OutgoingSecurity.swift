// SPDX-License-Identifier: Apache-2.0
import Names
import PluginHost
import Queue
import Runtime

/// Says how each connection to another server is to be secured: settings, policy table, TLSA records, MTA-STS.
package final class OutgoingSecurity: Sendable {
  package let settings: SecuritySettings
  /// Nil where nobody wants to know.
  package let outcomes: TLSOutcomes?
  private let policies: PolicyTable
  private let dane: DANELookup
  private let stsPolicies: MTASTSPolicies?
  private let sessions: TLSSessionCache
  private let pool: BlockingPool
  private let contexts = Monitor(ExpiringCache<TLSClientSettings, TLSClientContext>(capacity: 64))
  /// One takes tens of milliseconds, for all the authorities of a system; after a start mail for many destinations wants it at once.
  private let making = SharedWork<TLSClientSettings, TLSClientContext?>()
  let log: Log

  /// Files of authorities and certificates are read again after this.
  private static let contextLifetime = Duration.seconds(3600)

  package init(
    _ settings: SecuritySettings, names: any NameService, stsPolicies: MTASTSPolicies? = nil, outcomes: TLSOutcomes? = nil, pool: BlockingPool,
    log: Log
  ) {
    self.settings = settings
    self.outcomes = outcomes
    self.stsPolicies = stsPolicies
    self.pool = pool
    self.log = log
    policies = PolicyTable(settings.policies, title: settings.title)
    dane = DANELookup(names, asksUnprovedHosts: settings.asksUnprovedHosts)
    sessions = TLSSessionCache(lifetime: settings.sessionLifetime)
  }

  /// Why a host cannot be connected to.
  package struct Refusal: Error, Equatable {
    package var reason: Reason
    package var outcome: TLSOutcome?
    package var policy = OutcomePolicy.none
  }

  /// How to secure a connection to `target`; a failure is true of this host only, and mail waits.
  package func security(for target: SecurityTarget) async -> Result<SessionSecurity, Refusal> {
    do throws(Refusal) {
      return .success(try await decide(target))
    } catch {
      if let outcome = error.outcome { outcomes?.note(outcome, target, error.policy) }
      return .failure(error)
    }
  }

  private static let misconfigured = Refusal(reason: Reason(status: "4.7.5", text: "client TLS configuration problem"))

  private func decide(_ target: SecurityTarget) async throws(Refusal) -> SessionSecurity {
    let site: DestinationPolicy?
    switch await policy(for: target.destination) {
    case .absent: site = nil
    case .found(let policy): site = policy
    case .unavailable: throw Refusal(reason: Reason(status: "4.3.0", text: "\(settings.title) lookup error"))
    case .invalid(let text):
      log.warning("smtp", text)
      throw Self.misconfigured
    }
    var security = SessionSecurity(level: site?.level ?? settings.level)
    security.isWrapped = settings.isWrapped
    var draft = SecurityDraft(target, security, site, settings)
    if target.port == nil { try restrictToSocket(&draft) }
    if draft.security.level == .dane || draft.security.level == .daneOnly { try await applyDANE(&draft) }
    try await applyMTASTS(&draft)
    try draft.applyNames()
    try await equip(&draft)
    return draft.security
  }

  private func policy(for destination: String) async -> PolicyTable.Finding {
    guard policies.asksSlowly else { return policies.policy(for: destination) }
    let (finding, hasFailed) = await Lookups.resolve { policies.policy(for: destination) }
    return hasFailed ? .unavailable : finding
  }

  /// RFC 7672 needs a port, and opportunistic TLS to oneself makes no sense; Postfix says the same.
  private func restrictToSocket(_ draft: inout SecurityDraft) throws(Refusal) {
    switch draft.security.level {
    case .may: draft.security.level = .none
    case .dane, .daneOnly:
      log.warning("lmtp", "\(draft.target.destination): the \"dane\" security level is invalid for delivery via unix-domain sockets")
      throw Self.misconfigured
    default: break
    }
  }

  // MARK: DANE

  private func applyDANE(_ draft: inout SecurityDraft) async throws(Refusal) {
    let isStrict = draft.security.level == .daneOnly
    let isUnproved = draft.target.exchange == .unproved
    if isUnproved, isStrict || settings.insecureMX <= .may { return try draft.giveUpDANE("non DNSSEC destination", .may, .dnssecInvalid) }
    switch await dane.find(host: draft.target.host, port: draft.target.port ?? 25) {
    case .failed:
      throw Refusal(
        reason: Reason(status: "4.7.5", text: "TLSA lookup error for \(draft.target.host):\(draft.target.port ?? 25)"), outcome: .dnssecInvalid,
        policy: .tlsa)
    case .absent: try draft.giveUpDANE("no TLSA records found", .may, .daneRequired)
    case .unusable: try draft.giveUpDANE("TLSA records unusable", .encrypt, .tlsaInvalid)
    case .records where isUnproved && settings.insecureMX == .encrypt: try draft.giveUpDANE("non DNSSEC destination", .encrypt, .dnssecInvalid)
    case .records(let records, let base):
      draft.security.level = isUnproved ? .halfDANE : .dane
      draft.security.policy = .tlsa
      draft.security.isWished = true
      // RFC 7672 §3.2.2: the base domain, and the next hop where its MX records are proved.
      let names = draft.target.exchange == .notAsked || draft.target.domain == base ? [base] : [base, draft.target.domain]
      draft.security.expectation = TLSExpectation(.records(records, names: names), serverName: base)
      draft.isSettled = true
    }
  }

  // MARK: MTA-STS

  /// RFC 8461 §2: where there are TLSA records, they count. A level of the administrator's own for this destination counts more than either.
  private func applyMTASTS(_ draft: inout SecurityDraft) async throws(Refusal) {
    guard let stsPolicies, draft.mayAskMTASTS else { return }
    let host = draft.target.host
    switch await stsPolicies.policy(for: draft.target.domain) {
    case .absent: break
    case .failed(let outcome): outcomes?.note(outcome, draft.target, .sts)
    case .found(let policy) where policy.mode == .none: break
    case .found(let policy):
      draft.security.policy = .sts
      guard policy.lists(host) else {
        if policy.mode == .testing { return outcomes?.note(.validationFailure, draft.target, .sts) ?? () }
        throw Refusal(
          reason: Reason(status: "4.7.5", text: "the MTA-STS policy of \(draft.target.domain) does not list host \(host)"),
          outcome: .validationFailure, policy: .sts)
      }
      if policy.mode == .enforce {
        draft.security.level = .secure
        draft.security.isWished = true
      }
      draft.settings.authorities.includesSystem = true
      draft.settings.mandatoryProtocols = draft.settings.mandatoryProtocols.from(.tls12)
      draft.security.expectation = TLSExpectation(.names([host], strictly: true), serverName: host)
      draft.isSettled = true
    }
  }

  // MARK: Contexts

  private func equip(_ draft: inout SecurityDraft) async throws(Refusal) {
    let level = draft.security.level
    guard level > .none else { return }
    let wanted = draft.contextSettings
    draft.security.context = await context(wanted)
    draft.security.identity = draft.identity(wanted)
    guard draft.security.context != nil else {
      if level.isRequired { throw Refusal(reason: Reason(status: "4.7.5", text: "TLS is required, but our TLS engine is unavailable")) }
      return
    }
    guard settings.sessionLifetime > .zero else { return }
    draft.security.expectation.resumption = TLSExpectation.Resumption(sessions, key: draft.security.identity)
  }

  private func context(_ wanted: TLSClientSettings) async -> TLSClientContext? {
    if let known = known(wanted) { return known }
    return await making.value(for: wanted) { [self] in
      if let known = known(wanted) { return known }
      return await make(wanted)
    }
  }

  private func known(_ wanted: TLSClientSettings) -> TLSClientContext? {
    let now = Instant.now()
    return contexts.withLock { $0.value(for: wanted, now: now) }
  }

  private func make(_ wanted: TLSClientSettings) async -> TLSClientContext? {
    let pool = pool
    let made = await pool.run { () -> Result<TLSClientContext, TLSConfigurationError> in
      do throws(TLSConfigurationError) { return .success(try TLSClientContext(wanted, pool: pool)) } catch { return .failure(error) }
    }
    switch made {
    case .success(let context):
      let expiry = Instant.now() + Self.contextLifetime
      contexts.withLock { $0.set(context, for: wanted, until: expiry) }
      return context
    case .failure(let error):
      log.error("smtp", "\(error): no TLS for mail that needs it")
      return nil
    case nil: return nil
    }
  }
}
