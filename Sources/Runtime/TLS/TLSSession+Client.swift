// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// The connecting side: what it asks for before the handshake, and what it makes of the server afterwards.
extension TLSSession {
  func prepare(_ expectation: TLSExpectation) throws(TLSError) {
    if case .records(let records, let names) = expectation.proof { try prepare(records, names) }
    if let name = expectation.serverName, copenssl_set_server_name(ssl, name) != 1 { throw .library(OpenSSLErrors.takeDescription()) }
    guard let resumption = expectation.resumption, let kept = resumption.cache.session(for: resumption.key) else { return }
    resumed = kept
    SSL_set_session(ssl, kept.pointer)
    OpenSSLErrors.clear()
  }

  private func prepare(_ records: [TLSARecord], _ names: [String]) throws(TLSError) {
    OpenSSLErrors.clear()
    guard let base = names.first, SSL_dane_enable(ssl, base) == 1 else { throw .library(OpenSSLErrors.takeDescription()) }
    for name in names.dropFirst() where SSL_add1_host(ssl, name) != 1 { throw .library(OpenSSLErrors.takeDescription()) }
    // What OpenSSL cannot use it says so of, and does without.
    for record in records { _ = SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching, record.data, record.data.count) }
    OpenSSLErrors.clear()
  }

  /// What the server's certificate is worth.
  func judge(_ expectation: TLSExpectation) -> (TLSFacts.PeerCertificate, TLSDoubt?) {
    if let resumed, SSL_session_reused(ssl) == 1 { return (resumed.peer, nil) }
    guard let certificate = SSL_get0_peer_certificate(ssl) else { return (.absent, .absent) }
    let name = commonName(X509_get_subject_name(certificate))
    let issuer = commonName(X509_get_issuer_name(certificate))
    let doubt = doubt(expectation.proof, certificate)
    switch (expectation.proof, doubt) {
    case (.anyone, nil), (_, .wrongName): return (.trusted(commonName: name, issuer: issuer), doubt)
    case (_, nil): return (.verified(commonName: name, issuer: issuer), nil)
    default: return (.untrusted(commonName: name, issuer: issuer), doubt)
    }
  }

  private func doubt(_ proof: TLSExpectation.Proof, _ certificate: OpaquePointer) -> TLSDoubt? {
    switch proof {
    case .anyone, .records: return chainDoubt
    case .names(let names, let strictly):
      let flags = strictly ? UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) : 0
      let isNamed = names.contains { X509_check_host(certificate, $0, $0.utf8.count, flags, nil) == 1 }
      OpenSSLErrors.clear()
      return chainDoubt ?? (isNamed ? nil : .wrongName)
    case .fingerprints(let known, let digest):
      let own = TLSFingerprints(certificate, digest: digest)
      return known.contains { $0 == own?.certificate || $0 == own?.publicKey } ? nil : .unknownFingerprint
    }
  }

  private var chainDoubt: TLSDoubt? {
    let result = SSL_get_verify_result(ssl)
    let words = X509_verify_cert_error_string(result).map { String(cString: $0) } ?? "unknown error"
    switch Int32(truncatingIfNeeded: result) {
    case X509_V_OK: return nil
    case X509_V_ERR_HOSTNAME_MISMATCH: return .wrongName
    case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return .expired(words)
    default: return .untrusted(words)
    }
  }

  /// Keeps the session for the next connection, if it was good and can be resumed. The tickets of TLS 1.3 come after the handshake, so this is for the end.
  func keepSession() {
    guard let resumption = expectation?.resumption, let peer = goodPeer, let session = SSL_get1_session(ssl) else { return }
    let kept = TLSSessionCache.Kept(session, peer)
    if SSL_SESSION_is_resumable(session) == 1 { resumption.cache.keep(kept, for: resumption.key) }
  }
}
