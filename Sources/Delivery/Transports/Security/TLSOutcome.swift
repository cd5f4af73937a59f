// SPDX-License-Identifier: Apache-2.0
import Runtime

/// What a domain was known to wish: RFC 8460 §4.2, policy-type.
package enum OutcomePolicy: String, CaseIterable, Sendable {
  case sts, tlsa
  case none = "no-policy-found"
}

/// How securing a connection went, in the words of RFC 8460 §4.3.
package enum TLSOutcome: String, CaseIterable, Sendable {
  case success
  case startTLSNotSupported = "starttls-not-supported"
  case certificateHostMismatch = "certificate-host-mismatch"
  case certificateExpired = "certificate-expired"
  case certificateNotTrusted = "certificate-not-trusted"
  case validationFailure = "validation-failure"
  case tlsaInvalid = "tlsa-invalid"
  case dnssecInvalid = "dnssec-invalid"
  case daneRequired = "dane-required"
  case policyFetchError = "sts-policy-fetch-error"
  case policyInvalid = "sts-policy-invalid"
  case webPKIInvalid = "sts-webpki-invalid"

  /// After a handshake that succeeded. Where nobody asked who the server is, encryption is all there was to achieve.
  package init(_ facts: TLSFacts, _ policy: OutcomePolicy) {
    guard policy != .none, let doubt = facts.doubt else {
      self = .success
      return
    }
    switch doubt {
    case .wrongName: self = .certificateHostMismatch
    case .expired: self = .certificateExpired
    case .untrusted where policy == .tlsa: self = .validationFailure
    case .absent, .untrusted, .unknownFingerprint: self = .certificateNotTrusted
    }
  }
}
