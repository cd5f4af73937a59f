// SPDX-License-Identifier: Apache-2.0
import COpenSSL

extension TLSSession {
  /// What the handshake agreed on. Ask once, after it is done.
  package var facts: TLSFacts {
    let cipher = SSL_get_current_cipher(ssl)
    var algorithmBits: Int32 = 0
    let usedBits = SSL_CIPHER_get_bits(cipher, &algorithmBits)
    // As Postfix: below TLS 1.3 the cipher's name says all this.
    let tellsMore = SSL_version(ssl) >= TLS1_3_VERSION
    let own = tellsMore ? ownSignature : nil
    let theirs = tellsMore ? peerSignature : nil
    let (peer, doubt) = expectation.map(judge) ?? (peerCertificate, nil)
    if doubt == nil { goodPeer = peer }
    return TLSFacts(
      isServer: isServer, protocolVersion: string(SSL_get_version(ssl)) ?? "", cipher: string(SSL_CIPHER_get_name(cipher)) ?? "",
      usedBits: Int(usedBits), algorithmBits: Int(algorithmBits), keyExchange: tellsMore ? keyExchange : nil,
      serverSignature: isServer ? own : theirs, clientSignature: isServer ? theirs : own, peer: peer,
      serverName: serverName, isResumed: SSL_session_reused(ssl) == 1, fingerprints: fingerprints, doubt: doubt)
  }

  private var fingerprints: TLSFingerprints? {
    guard let digest = fingerprintDigest, let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
    return TLSFingerprints(certificate, digest: digest)
  }

  private var serverName: String? {
    guard !isServer || SSL_get_SSL_CTX(ssl) != contextPointer else { return nil }
    return string(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
  }

  private var keyExchange: String? {
    guard let key = copenssl_peer_temporary_key(ssl) else { return nil }
    defer { EVP_PKEY_free(key) }
    return switch EVP_PKEY_get_id(key) {
    case EVP_PKEY_DH: "DHE (\(EVP_PKEY_get_bits(key)) bits)"
    case EVP_PKEY_EC: "ECDHE (\(curveName(key)))"
    case let kind: string(OBJ_nid2sn(kind))
    }
  }

  /// A resumed session proves no key, and a client without certificate has none.
  private var ownSignature: TLSFacts.Signature? {
    guard SSL_session_reused(ssl) == 0, let key = SSL_get_privatekey(ssl) else { return nil }
    return signature(key, digest: copenssl_own_signature_digest(ssl))
  }

  private var peerSignature: TLSFacts.Signature? {
    guard SSL_session_reused(ssl) == 0, let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
    guard let key = X509_get0_pubkey(certificate) else { return nil }
    return signature(key, digest: copenssl_peer_signature_digest(ssl))
  }

  private func signature(_ key: OpaquePointer, digest: Int32) -> TLSFacts.Signature {
    let algorithm =
      switch EVP_PKEY_get_id(key) {
      case EVP_PKEY_RSA: "RSA-PSS (\(EVP_PKEY_get_bits(key)) bits)"  // RFC 8446 §4.2.3: no other padding
      case EVP_PKEY_EC: "ECDSA (\(curveName(key)))"
      case let kind: string(OBJ_nid2sn(kind)) ?? ""
      }
    return TLSFacts.Signature(algorithm: algorithm, digest: digest == 0 ? nil : string(OBJ_nid2sn(digest)))
  }

  private func curveName(_ key: OpaquePointer) -> String {
    let name = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { text in
      EVP_PKEY_get_group_name(key, text.baseAddress, text.count, nil) == 1 ? string(text.baseAddress) ?? "" : ""
    }
    return string(EC_curve_nid2nist(OBJ_sn2nid(name))) ?? name
  }

  private var peerCertificate: TLSFacts.PeerCertificate {
    guard let certificate = SSL_get0_peer_certificate(ssl) else {
      return isServer && SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ? .notRequested : .absent
    }
    let name = commonName(X509_get_subject_name(certificate))
    let issuer = commonName(X509_get_issuer_name(certificate))
    guard verifies, SSL_get_verify_result(ssl) == Int(X509_V_OK) else { return .untrusted(commonName: name, issuer: issuer) }
    let nameChecked = SSL_get0_peername(ssl) != nil
    return nameChecked ? .verified(commonName: name, issuer: issuer) : .trusted(commonName: name, issuer: issuer)
  }

  private func string(_ text: UnsafePointer<CChar>?) -> String? { text.map { String(cString: $0) } }
}

/// The common name, or else the organisation, in printable ASCII so that it can stand in a header field and in the log.
func commonName(_ name: OpaquePointer?, kinds: [Int32] = [NID_commonName, NID_organizationName]) -> String {
  for kind in kinds {
    let index = X509_NAME_get_index_by_NID(name, kind, -1)
    guard index >= 0, let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)) else { continue }
    let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(value), count: Int(ASN1_STRING_length(value)))
    return printable(bytes)
  }
  return ""
}

private func printable(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
  let quoted = bytes.prefix(256).map { byte in
    (0x20..<0x7f).contains(byte) && !#""\()"#.utf8.contains(byte) ? byte : UInt8(ascii: "?")
  }
  return String(decoding: quoted, as: UTF8.self)
}
