// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The connecting side's rules; immutable, shared by all loops.
package final class TLSClientContext: @unchecked Sendable {
  /// Whom the server's certificate must be signed by. With anything but `.none` the handshake fails when it is not, or is for another name.
  package enum Verification: Equatable, Sendable {
    case none
    case systemAuthorities
    /// Only the authorities in this PEM file.
    case file(String)
  }

  let handle: ContextHandle
  let verification: Verification

  package init(
    verification: Verification, protocols: TLSProtocols = .postfix, ciphers: TLSCiphers = TLSCiphers()
  ) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    guard let pointer = copenssl_client_context() else { throw TLSConfigurationError("TLS", OpenSSLErrors.takeReason()) }
    handle = ContextHandle(pointer)
    self.verification = verification
    guard protocols.apply(to: pointer) else { throw TLSConfigurationError("TLS", "no usable TLS protocol") }
    try ciphers.apply(to: pointer)
    try trust(pointer)
  }

  private func trust(_ pointer: OpaquePointer) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    switch verification {
    case .none:
      // Opportunistic TLS: weak is better than clear text, as Postfix.
      SSL_CTX_set_security_level(pointer, 0)
      return
    case .systemAuthorities:
      guard SSL_CTX_set_default_verify_paths(pointer) == 1 else { throw TLSConfigurationError("system authorities", OpenSSLErrors.takeReason()) }
    case .file(let path):
      guard SSL_CTX_load_verify_file(pointer, path) == 1 else { throw TLSConfigurationError(path, OpenSSLErrors.takeReason()) }
    }
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
  }
}
