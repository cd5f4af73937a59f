// SPDX-License-Identifier: Apache-2.0

/// How much a connection must be secured: Postfix's levels in its order, the weakest first.
package enum SecurityLevel: Int, Comparable, CaseIterable, Sendable {
  case none, may, encrypt, fingerprint
  /// TLSA records of a host that was named by an MX record without proof.
  case halfDANE
  case dane, daneOnly, verify, secure

  /// A word of smtp_tls_security_level or smtp_tls_policy_maps, in any case.
  package init?(word: some StringProtocol) {
    let word = word.lowercased()
    guard let level = Self.allCases.first(where: { $0.word == word }), level != .halfDANE else { return nil }
    self = level
  }

  package var word: String {
    switch self {
    case .none: "none"
    case .may: "may"
    case .encrypt: "encrypt"
    case .fingerprint: "fingerprint"
    case .halfDANE: "half-dane"
    case .dane: "dane"
    case .daneOnly: "dane-only"
    case .verify: "verify"
    case .secure: "secure"
    }
  }

  /// Whether there is no mail without TLS.
  package var isRequired: Bool { self > .may }
  /// Whether there is no mail to a server that has not proved who it is.
  package var needsProof: Bool { self > .encrypt }

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
