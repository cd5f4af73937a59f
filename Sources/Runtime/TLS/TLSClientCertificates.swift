// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Which certificates of clients count, and what they are told apart by.
package struct TLSClientCertificates: Equatable, Sendable {
  /// `smtpd_tls_CAfile`: authorities that are trusted, and named to the client.
  package var authorityFile: String?
  /// `smtpd_tls_CApath`: a folder of trusted authorities under their hashes.
  package var authorityFolder: String?
  /// `smtpd_tls_ccert_verifydepth`: how far from the client's own certificate, which is 0, the last of its chain may be.
  package var verifyDepth = 9
  /// `smtpd_tls_fingerprint_digest`: OpenSSL's name.
  package var fingerprintDigest = "sha256"

  package init() {}

  func apply(to context: OpaquePointer) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    guard EVP_get_digestbyname(fingerprintDigest) != nil else {
      throw TLSConfigurationError(fingerprintDigest, "OpenSSL knows no digest of this name")
    }
    if let path = authorityFile { try trust(path, in: context) }
    if let path = authorityFolder, SSL_CTX_load_verify_dir(context, path) != 1 { throw TLSConfigurationError(path, OpenSSLErrors.takeReason()) }
    // One more than is allowed: the look at the chain says that it is too long, and OpenSSL does not break off.
    SSL_CTX_set_verify_depth(context, Int32(clamping: verifyDepth.addingReportingOverflow(1).partialValue))
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, lookAtCertificate)
  }

  private func trust(_ path: String, in context: OpaquePointer) throws(TLSConfigurationError) {
    guard SSL_CTX_load_verify_file(context, path) == 1, let names = SSL_load_client_CA_file(path) else {
      throw TLSConfigurationError(path, OpenSSLErrors.takeReason())
    }
    SSL_CTX_set_client_CA_list(context, names)
  }
}

/// A certificate of nobody we trust is no reason to break off: OpenSSL keeps the verdict, and the handshake goes on.
private func lookAtCertificate(_ verified: Int32, _ store: OpaquePointer?) -> Int32 {
  guard let store, let session = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()) else { return 1 }
  let limit = SSL_get_verify_depth(OpaquePointer(session)) - 1
  if X509_STORE_CTX_get_error_depth(store) > limit { X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG) }
  return 1
}

/// By what a certificate and its key are known: `SHA256`'s bytes as `AB:CD:…`.
package struct TLSFingerprints: Equatable, Sendable {
  package let certificate: String
  /// Of the key with its algorithm, as DER has them (RFC 5280 §4.1, `SubjectPublicKeyInfo`).
  package let publicKey: String

  init(certificate: String, publicKey: String) {
    self.certificate = certificate
    self.publicKey = publicKey
  }

  /// Nil if OpenSSL does not know the digest.
  init?(_ certificate: OpaquePointer, digest: String) {
    guard let kind = EVP_get_digestbyname(digest) else { return nil }
    self.certificate = Self.text { X509_digest(certificate, kind, $0, $1) }
    var encoded: UnsafeMutablePointer<UInt8>?
    let length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded)
    defer { copenssl_free(encoded) }
    publicKey = length > 0 ? Self.text { EVP_Digest(encoded, Int(length), $0, $1, kind, nil) } : ""
    OpenSSLErrors.clear()
  }

  private static func text(_ compute: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>) -> Int32) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { bytes in
      var length: UInt32 = 0
      guard compute(bytes.baseAddress, &length) == 1 else { return "" }
      let digits = Array("0123456789ABCDEF".utf8)
      let pairs = bytes.prefix(Int(length)).map { String(decoding: [digits[Int($0 >> 4)], digits[Int($0 & 15)]], as: UTF8.self) }
      return pairs.joined(separator: ":")
    }
  }
}
