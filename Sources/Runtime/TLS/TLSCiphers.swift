// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Which ciphers may be used up to TLS 1.2: `smtpd_tls_ciphers` with `smtpd_tls_exclude_ciphers`. TLS 1.3 has no weak ones.
package struct TLSCiphers: Hashable, Sendable {
  package enum Grade: String, Sendable, CaseIterable {
    case medium, high

    /// As Postfix since 3.8, the old grades `low` and `export` mean `medium`.
    package init?(setting: String) {
      switch setting {
      case "low", "export", "medium": self = .medium
      case "high": self = .high
      default: return nil
      }
    }
  }

  package var grade: Grade
  /// OpenSSL cipher words to leave out: `RC4`, `3DES`, `kRSA`.
  package var excluded: [String]

  package init(grade: Grade = .medium, excluded: [String] = []) {
    self.grade = grade
    self.excluded = excluded
  }

  /// OpenSSL's cipher list. Ciphers without authentication or encryption are never in it.
  var list: String {
    let base = grade == .high ? "HIGH" : "HIGH:MEDIUM:+RC4"
    return ([base, "@STRENGTH", "!aNULL", "!eNULL"] + excluded.map { "!\($0)" }).joined(separator: ":")
  }

  func apply(to context: OpaquePointer) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    guard SSL_CTX_set_cipher_list(context, list) == 1 else { throw TLSConfigurationError(list, OpenSSLErrors.takeReason()) }
  }
}
