// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The authorities whose certificates a server may show.
package struct TLSAuthorities: Hashable, Sendable {
  /// PEM files.
  package var files: [String] = []
  /// Folders as `openssl rehash` makes them.
  package var folders: [String] = []
  package var includesSystem = false
  /// Whether a certificate in `files` is trusted as it is, though it may not be the root of its chain.
  package var areAnchors = false

  package static let system = TLSAuthorities(includesSystem: true)

  package init(files: [String] = [], folders: [String] = [], includesSystem: Bool = false, areAnchors: Bool = false) {
    self.files = files
    self.folders = folders
    self.includesSystem = includesSystem
    self.areAnchors = areAnchors
  }

  func apply(to context: OpaquePointer) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    for path in files where SSL_CTX_load_verify_file(context, path) != 1 { throw TLSConfigurationError(path, OpenSSLErrors.takeReason()) }
    for path in folders where SSL_CTX_load_verify_dir(context, path) != 1 { throw TLSConfigurationError(path, OpenSSLErrors.takeReason()) }
    if includesSystem, SSL_CTX_set_default_verify_paths(context) != 1 {
      throw TLSConfigurationError("system authorities", OpenSSLErrors.takeReason())
    }
    if areAnchors { X509_STORE_set_flags(SSL_CTX_get_cert_store(context), UInt(X509_V_FLAG_PARTIAL_CHAIN)) }
    OpenSSLErrors.clear()
  }

  /// Folders are searched while a certificate is looked at.
  var areSearchedOnDisk: Bool { includesSystem || !folders.isEmpty }
}

/// What a client's context is made from.
package struct TLSClientSettings: Hashable, Sendable {
  package var protocols = TLSProtocols.postfix
  package var ciphers = TLSCiphers()
  package var authorities = TLSAuthorities()
  /// How far from the server's own certificate, which is 0, the last of its chain may be.
  package var verifyDepth = 9
  /// Our own certificate, for servers that ask.
  package var keys: TLSKeyFiles?

  package init() {}
}

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
  /// Where to do handshakes instead of on the loop; nil where they do not look at the disk.
  let handshakePool: BlockingPool?
  /// What the administrator should know: key files that others can read.
  package let warnings: [String]

  package init(
    verification: Verification, protocols: TLSProtocols = .postfix, ciphers: TLSCiphers = TLSCiphers()
  ) throws(TLSConfigurationError) {
    handle = try Self.makeHandle()
    self.verification = verification
    handshakePool = nil
    warnings = []
    guard protocols.apply(to: handle.pointer) else { throw TLSConfigurationError("TLS", "no usable TLS protocol") }
    try ciphers.apply(to: handle.pointer)
    try trust(handle.pointer)
  }

  /// One whose handshakes succeed whatever certificate comes: what it is worth is judged when they are over (`TLSExpectation`).
  package init(_ settings: TLSClientSettings, pool: BlockingPool? = nil) throws(TLSConfigurationError) {
    handle = try Self.makeHandle()
    verification = .none
    handshakePool = settings.authorities.areSearchedOnDisk ? pool : nil
    guard settings.protocols.apply(to: handle.pointer) else { throw TLSConfigurationError("TLS", "no usable TLS protocol") }
    try settings.ciphers.apply(to: handle.pointer)
    // As Postfix: what is too weak is said by the grades of ciphers.
    SSL_CTX_set_security_level(handle.pointer, 0)
    try settings.authorities.apply(to: handle.pointer)
    SSL_CTX_set_verify_depth(handle.pointer, Int32(clamping: settings.verifyDepth))
    warnings = try Self.install(settings.keys, in: handle.pointer)
    // RFC 7672 §3.1.1: the name in a certificate that a record holds itself does not count.
    guard SSL_CTX_dane_enable(handle.pointer) == 1 else { throw TLSConfigurationError("DANE", OpenSSLErrors.takeReason()) }
    SSL_CTX_dane_set_flags(handle.pointer, UInt(DANE_FLAG_NO_DANE_EE_NAMECHECKS))
  }

  private static func makeHandle() throws(TLSConfigurationError) -> ContextHandle {
    OpenSSLErrors.clear()
    guard let pointer = copenssl_client_context() else { throw TLSConfigurationError("TLS", OpenSSLErrors.takeReason()) }
    return ContextHandle(pointer)
  }

  private static func install(_ keys: TLSKeyFiles?, in pointer: OpaquePointer) throws(TLSConfigurationError) -> [String] {
    guard let keys else { return [] }
    let loaded = try TLSKeyPairs(keys)
    for pair in loaded.pairs { try pair.install(in: pointer) }
    return loaded.warnings
  }

  private func trust(_ pointer: OpaquePointer) throws(TLSConfigurationError) {
    switch verification {
    case .none:
      // Opportunistic TLS: weak is better than clear text, as Postfix.
      SSL_CTX_set_security_level(pointer, 0)
      return
    case .systemAuthorities: try TLSAuthorities.system.apply(to: pointer)
    case .file(let path): try TLSAuthorities(files: [path]).apply(to: pointer)
    }
    SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
  }
}
