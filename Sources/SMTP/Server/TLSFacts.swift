// SPDX-License-Identifier: Apache-2.0

/// What a finished TLS handshake agreed on: for Received fields, log lines and policy.
package final class TLSFacts: Sendable {
  /// As in `TLSv1.3`.
  package let version: String
  /// As in `TLS_AES_256_GCM_SHA384`.
  package let cipher: String
  package let bits: Int

  package init(version: String, cipher: String, bits: Int) {
    self.version = version
    self.cipher = cipher
    self.bits = bits
  }
}
