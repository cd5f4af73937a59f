// SPDX-License-Identifier: Apache-2.0

/// What a finished TLS handshake agreed on: for Received fields, log lines and policy.
package final class TLSFacts: Sendable {
  /// As in `TLSv1.3`.
  package let version: String
  /// As in `TLS_AES_256_GCM_SHA384`.
  package let cipher: String
  package let bits: Int
  /// The client has shown a certificate of an authority that is trusted here.
  package let isClientTrusted: Bool

  package init(version: String, cipher: String, bits: Int, isClientTrusted: Bool = false) {
    self.version = version
    self.cipher = cipher
    self.bits = bits
    self.isClientTrusted = isClientTrusted
  }
}
