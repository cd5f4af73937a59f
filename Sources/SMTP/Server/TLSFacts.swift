// SPDX-License-Identifier: Apache-2.0

/// What a finished TLS handshake agreed on: for Received fields, log lines and policy.
package final class TLSFacts: Sendable {
  /// As in `TLSv1.3`.
  package let version: String
  /// As in `TLS_AES_256_GCM_SHA384`.
  package let cipher: String
  package let bits: Int
  /// Nil if the client has shown none.
  package let certificate: ClientCertificate?

  package struct ClientCertificate: Equatable, Sendable {
    package var commonName = ""
    package var issuer = ""
    /// It is of an authority that is trusted here.
    package var isTrusted = false
    /// As `smtpd_tls_fingerprint_digest` makes it: `AB:CD:…`.
    package var fingerprint = ""
    package var publicKeyFingerprint = ""

    package init() {}
  }

  package init(version: String, cipher: String, bits: Int, certificate: ClientCertificate? = nil) {
    self.version = version
    self.cipher = cipher
    self.bits = bits
    self.certificate = certificate
  }

  package var isClientTrusted: Bool { certificate?.isTrusted ?? false }
}
