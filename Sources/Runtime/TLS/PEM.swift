// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A certificate owned by one reference of ours.
final class Certificate: @unchecked Sendable {
  let pointer: OpaquePointer
  init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { X509_free(pointer) }
}

/// A private key owned by one reference of ours.
final class PrivateKey: @unchecked Sendable {
  let pointer: OpaquePointer
  init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { EVP_PKEY_free(pointer) }

  /// An RSA signature takes over a millisecond, those on elliptic curves a tenth.
  var isExpensive: Bool { EVP_PKEY_get_base_id(pointer) == EVP_PKEY_RSA }
}

/// One thing in a PEM file.
enum PEMItem {
  case certificate(Certificate)
  case key(PrivateKey)
}

/// The certificates and keys of a PEM file, in order; other blocks (DH and EC parameters) are passed over.
struct PEMReader: ~Copyable {
  private let bio: OpaquePointer
  private let path: String

  init(_ file: borrowing CertificateFile) throws(TLSConfigurationError) {
    OpenSSLErrors.clear()
    let bio = file.bytes.withUnsafeBytes { bytes -> OpaquePointer? in
      guard let memory = BIO_new(BIO_s_mem()) else { return nil }
      BIO_write(memory, bytes.baseAddress, Int32(bytes.count))
      return memory
    }
    guard let bio else { throw TLSConfigurationError(file.path, OpenSSLErrors.takeReason()) }
    self.bio = bio
    path = file.path
  }

  deinit { BIO_free(bio) }

  /// The next certificate or key, or nil at the end of the file.
  mutating func next() throws(TLSConfigurationError) -> PEMItem? {
    while true {
      var name: UnsafeMutablePointer<CChar>?
      var header: UnsafeMutablePointer<CChar>?
      var data: UnsafeMutablePointer<UInt8>?
      var length = 0
      OpenSSLErrors.clear()
      guard PEM_read_bio(bio, &name, &header, &data, &length) == 1 else { return try end() }
      defer {
        copenssl_free(name)
        copenssl_free(header)
        OPENSSL_cleanse(data, length)
        copenssl_free(data)
      }
      guard let name, let data else { return nil }
      if let item = try decode(String(cString: name), header.map { String(cString: $0) } ?? "", data, length) { return item }
    }
  }

  /// "No start line" is how OpenSSL says that there is no further block.
  private func end() throws(TLSConfigurationError) -> PEMItem? {
    let isEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
    let reason = OpenSSLErrors.takeReason()
    guard isEnd else { throw TLSConfigurationError(path, "bad PEM: \(reason)") }
    return nil
  }

  private func decode(_ name: String, _ header: String, _ data: UnsafePointer<UInt8>, _ length: Int) throws(TLSConfigurationError) -> PEMItem? {
    var cursor: UnsafePointer<UInt8>? = data
    switch name {
    case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
      guard let certificate = d2i_X509(nil, &cursor, length) else { throw failure("bad certificate") }
      return .certificate(Certificate(certificate))
    case "ENCRYPTED PRIVATE KEY": throw encrypted
    case _ where name.hasSuffix("PRIVATE KEY"):
      if header.contains("ENCRYPTED") { throw encrypted }
      guard let key = d2i_AutoPrivateKey(nil, &cursor, length) else { throw failure("bad private key") }
      return .key(PrivateKey(key))
    default: return nil
    }
  }

  private var encrypted: TLSConfigurationError {
    TLSConfigurationError(path, "the private key is encrypted; Weir can use only keys without a password")
  }

  private func failure(_ what: String) -> TLSConfigurationError {
    TLSConfigurationError(path, "\(what): \(OpenSSLErrors.takeReason())")
  }
}
