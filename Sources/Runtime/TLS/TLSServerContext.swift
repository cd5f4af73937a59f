// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Owner of one OpenSSL context. Sessions keep OpenSSL's own reference to it besides.
final class ContextHandle: @unchecked Sendable {
  let pointer: OpaquePointer
  init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { SSL_CTX_free(pointer) }
}

/// What a TLS server is made from.
package struct TLSServerSettings: Equatable, Sendable {
  package var files: TLSKeyFiles
  /// Certificates for names: `mx.example.org`, `*.example.org` for one label more, `.example.org` for any name below, as Postfix's SNI maps.
  package var names: [String: TLSKeyFiles] = [:]
  package var protocols = TLSProtocols.postfix
  package var ciphers = TLSCiphers()
  /// `tls_preempt_cipherlist`
  package var prefersServerCiphers = false
  /// `smtpd_tls_session_cache_timeout`: how long a ticket is good for; zero gives none.
  package var ticketLifetime: Duration = .seconds(3600)
  /// Asks for the client's certificate, and never insists: a handshake that fails tells nobody why.
  package var asksClientCertificate = false
  package var clients = TLSClientCertificates()

  package init(files: TLSKeyFiles) { self.files = files }
}

/// The accepting side's keys and rules; immutable, shared by all loops.
package final class TLSServerContext: @unchecked Sendable {
  let handle: ContextHandle
  private let names: TLSServerNames<ContextHandle>
  /// Whether a handshake signs with RSA, and so belongs on a pool thread.
  package let handshakeIsExpensive: Bool
  /// Where to do handshakes instead of on the loop; nil when they are cheap.
  package let handshakePool: BlockingPool?
  package let asksClientCertificate: Bool
  let fingerprintDigest: String
  /// What the administrator should know: key files that others can read.
  package let warnings: [String]
  /// The files read, as they were.
  let stamps: [String: FileStamp]

  /// Reads the files. Expensive handshakes go to `pool`, if there is one.
  package init(_ settings: TLSServerSettings, pool: BlockingPool? = nil) throws(TLSConfigurationError) {
    var loader = TLSServerLoader(settings)
    handle = try loader.makeContext(settings.files)
    var names = TLSServerNames<ContextHandle>()
    for (name, files) in settings.names { names[name] = try loader.makeContext(files) }
    self.names = names
    handshakeIsExpensive = loader.isExpensive
    handshakePool = loader.isExpensive ? pool : nil
    asksClientCertificate = settings.asksClientCertificate
    fingerprintDigest = settings.clients.fingerprintDigest
    warnings = loader.warnings
    stamps = loader.stamps
    // Unretained: a session keeps its context object alive, and the callback runs only within a session's handshake.
    if !names.isEmpty {
      copenssl_set_servername_callback(handle.pointer, chooseContext, Unmanaged.passUnretained(self).toOpaque())
    }
  }

  /// The context for the name in a ClientHello, or nil for the default one.
  fileprivate func context(for name: String) -> OpaquePointer? { names.match(name)?.pointer }
}

/// RFC 6066 §3. An unknown name gets the default certificate, as most servers do: the client decides whether it will do.
private func chooseContext(_ session: OpaquePointer?, _ alert: UnsafeMutablePointer<Int32>?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
  guard let session, let argument, let name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) else { return SSL_TLSEXT_ERR_NOACK }
  let owner = Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
  guard let chosen = owner.context(for: String(cString: name)) else { return SSL_TLSEXT_ERR_NOACK }
  return SSL_set_SSL_CTX(session, chosen) == nil ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK
}

/// Makes contexts by one server's rules and gathers what their files tell.
private struct TLSServerLoader {
  let settings: TLSServerSettings
  var isExpensive = false
  var warnings: [String] = []
  var stamps: [String: FileStamp] = [:]

  init(_ settings: TLSServerSettings) { self.settings = settings }

  mutating func makeContext(_ files: TLSKeyFiles) throws(TLSConfigurationError) -> ContextHandle {
    OpenSSLErrors.clear()
    guard let pointer = copenssl_server_context() else { throw TLSConfigurationError("TLS", OpenSSLErrors.takeReason()) }
    let handle = ContextHandle(pointer)
    try applyRules(to: pointer)
    let loaded = try TLSKeyPairs(files)
    for pair in loaded.pairs {
      try pair.install(in: pointer)
      isExpensive = isExpensive || pair.key.isExpensive
    }
    warnings += loaded.warnings.filter { !warnings.contains($0) }
    stamps.merge(loaded.stamps) { first, _ in first }
    if let path = settings.clients.authorityFile { stamps[path] = FileStamp(path: path) }
    return handle
  }

  private func applyRules(to pointer: OpaquePointer) throws(TLSConfigurationError) {
    guard settings.protocols.apply(to: pointer) else { throw TLSConfigurationError("TLS", "no usable TLS protocol") }
    try settings.ciphers.apply(to: pointer)
    if settings.prefersServerCiphers { copenssl_prefer_server_ciphers(pointer) }
    copenssl_set_ticket_lifetime(pointer, Int(settings.ticketLifetime.components.seconds))
    let identity = Array("weir".utf8)
    SSL_CTX_set_session_id_context(pointer, identity, UInt32(identity.count))
    if settings.asksClientCertificate { try settings.clients.apply(to: pointer) }
  }
}
