// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// A decision on its way: what is known so far of how to secure one connection.
struct SecurityDraft {
  let target: SecurityTarget
  var security: SessionSecurity
  let site: DestinationPolicy?
  var settings: SecuritySettings
  /// The proof is what the domain asks for itself.
  var isSettled = false

  init(_ target: SecurityTarget, _ security: SessionSecurity, _ site: DestinationPolicy?, _ settings: SecuritySettings) {
    self.target = target
    self.security = security
    self.site = site
    self.settings = settings
    self.security.reusesConnections = site?.reusesConnections ?? settings.reusesConnections
  }

  /// At `dane` there is a weaker level to go on with, at `dane-only` none.
  mutating func giveUpDANE(_ text: String, _ fallback: SecurityLevel, _ outcome: TLSOutcome) throws(OutgoingSecurity.Refusal) {
    guard security.level == .dane else {
      throw OutgoingSecurity.Refusal(reason: Reason(status: "4.7.5", text: text), outcome: outcome, policy: .tlsa)
    }
    security.level = fallback
    if fallback > .may { security.isWished = true }
  }

  /// Only for a domain whose MX records were asked for, and not where its level is `may` by the table: that is how to be spared it.
  var mayAskMTASTS: Bool {
    guard !isSettled, target.exchange != .notAsked, security.level == .may else { return false }
    return site == nil || site?.level == .dane
  }

  /// Who the server must be, where the administrator says so.
  mutating func applyNames() throws(OutgoingSecurity.Refusal) {
    guard !isSettled else { return }
    var expectation = TLSExpectation(.anyone, serverName: serverName)
    switch security.level {
    case .verify, .secure:
      let own = site?.match ?? []
      let match = own.isEmpty ? security.level == .verify ? settings.verifyMatch : settings.secureMatch : own
      expectation.proof = .names(match.flatMap(names), strictly: false)
    case .fingerprint:
      let own = site?.match ?? []
      let known = own.isEmpty ? settings.fingerprints : own
      guard !known.isEmpty else { throw OutgoingSecurity.Refusal(reason: Reason(status: "4.7.5", text: "client TLS configuration problem")) }
      expectation.proof = .fingerprints(known.map { $0.uppercased() }, digest: settings.fingerprintDigest)
    default: break
    }
    security.expectation = expectation
  }

  private func names(_ strategy: String) -> [String] {
    switch strategy.lowercased() {
    case "hostname": [target.host]
    case "nexthop": [target.domain]
    case "dot-nexthop": ["." + target.domain]
    default: [strategy]
    }
  }

  private var serverName: String? {
    let name = site?.serverName ?? settings.serverName
    return switch name.lowercased() {
    case "": nil
    case "hostname": target.host
    case "nexthop": target.domain
    default: name
    }
  }

  var contextSettings: TLSClientSettings {
    var wanted = TLSClientSettings()
    let isMandatory = security.level.isRequired
    wanted.protocols = site?.protocols ?? (isMandatory ? settings.mandatoryProtocols : settings.protocols)
    wanted.ciphers = isMandatory ? settings.mandatoryCiphers : settings.ciphers
    if let grade = site?.grade { wanted.ciphers.grade = grade }
    if let excluded = site?.excluded { wanted.ciphers.excluded = excluded }
    wanted.authorities = authorities
    wanted.verifyDepth = settings.verifyDepth
    wanted.keys = settings.keys
    return wanted
  }

  private var authorities: TLSAuthorities {
    guard !isSettled, security.level == .verify || security.level == .secure else { return settings.authorities }
    let anchors = site?.anchorFiles ?? []
    let files = anchors.isEmpty ? settings.anchorFiles : anchors
    return files.isEmpty ? settings.authorities : TLSAuthorities(files: files, areAnchors: true)
  }

  /// Host and destination in words; all else that decides whether a session is as good as another, as a hash under this process's own key.
  func identity(_ wanted: TLSClientSettings) -> String {
    var hasher = Hasher()
    hasher.combine(wanted)
    hasher.combine(security.expectation.proof)
    hasher.combine(security.expectation.serverName)
    return "\(security.level.word) \(target.host):\(target.port ?? 0) \(target.destination) \(hasher.finalize())"
  }
}

extension TLSProtocols {
  /// The same without versions below `minimum`.
  func from(_ minimum: TLSVersion) -> TLSProtocols {
    var copy = self
    copy.raise(to: minimum)
    return copy
  }
}
