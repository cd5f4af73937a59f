// SPDX-License-Identifier: Apache-2.0
import SMTP

/// Restrictions on the client's certificate.
extension Evaluation {
  /// `permit_tls_clientcerts`; `all`: also any certificate of an authority that is trusted here. A fingerprint in relay_clientcerts needs no authority.
  func permitCertificate(all: Bool) -> Outcome {
    guard let certificate = facts.tls?.certificate else { return .dunno }
    if all, certificate.isTrusted { return .permit }
    let tables = judge.settings.relayClientcerts
    return permitIf(CertificateKey.allCases.contains { tables.value(for: certificate.fingerprint($0)) != nil })
  }

  mutating func certificateAccess(_ table: AccessTable, _ order: [CertificateKey]) throws(Interruption) -> Outcome {
    guard let certificate = facts.tls?.certificate else { return .dunno }
    let context = Context(name: certificate.commonName, replyClass: "Client certificate")
    for key in order {
      let outcome = try found(table, table.table.value(for: certificate.fingerprint(key)), context)
      if outcome != .dunno { return outcome }
    }
    return .dunno
  }
}

extension TLSFacts.ClientCertificate {
  fileprivate func fingerprint(_ key: CertificateKey) -> String {
    switch key {
    case .certificate: fingerprint
    case .publicKey: publicKeyFingerprint
    }
  }
}
