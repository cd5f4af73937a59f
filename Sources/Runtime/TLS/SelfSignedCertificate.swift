// SPDX-License-Identifier: Apache-2.0
import Bytes
import COpenSSL
import Names

/// A name that a self-signed certificate is for.
enum CertificateName: Equatable, Sendable {
  case host(String)
  case address(IPAddress)

  /// A host name, or an address literal with or without RFC 5321's brackets; nil for anything else.
  init?(_ text: String) {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : Substring(text)
    let literal = bare.lowercased().hasPrefix("ipv6:") ? String(bare.dropFirst(5)) : String(bare)
    if let address = IPAddress(literal) {
      self = .address(address)
    } else if isHostName(text) {
      self = .host(text.lowercased())
    } else {
      return nil
    }
  }

  var text: String {
    switch self {
    case .host(let name): name
    case .address(let address): address.description
    }
  }

  /// In the syntax of OpenSSL's configuration; the characters allowed above cannot end the value.
  fileprivate var alternativeName: String {
    switch self {
    case .host(let name): "DNS:\(name)"
    case .address(let address): "IP:\(address)"
    }
  }

  fileprivate func isIn(_ certificate: OpaquePointer) -> Bool {
    switch self {
    case .host(let name): X509_check_host(certificate, name, 0, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), nil) == 1
    case .address(let address): X509_check_ip_asc(certificate, address.description, 0) == 1
    }
  }
}

/// A new P-256 key with a certificate that it signs itself (RFC 5280), as PEM.
struct SelfSignedCertificate {
  /// The organisation that marks what we made.
  static let organisation = "Weir self-signed"
  /// What browsers and mail clients accept at most, CA/Browser Forum baseline 6.3.2.
  static let lifetime = 398 * 86_400
  static let renewal = 30 * 86_400
  /// Before its making, for peers whose clock is behind.
  static let backdating = 3600

  let key: [UInt8]
  let certificate: [UInt8]

  /// Nil when OpenSSL fails, with the reason in its queue. `now` is in seconds since 1970.
  init?(names: [CertificateName], now: Int) {
    guard let key = Self.makeKey() else { return nil }
    guard let certificate = Self.makeCertificate(names, now, key) else { return nil }
    guard let keyBytes = Self.pem({ PEM_write_bio_PKCS8PrivateKey($0, key.pointer, nil, nil, 0, nil, nil) }) else { return nil }
    guard let certificateBytes = Self.pem({ PEM_write_bio_X509($0, certificate.pointer) }) else { return nil }
    self.key = keyBytes
    self.certificate = certificateBytes
  }

  private static func makeKey() -> PrivateKey? {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
      EVP_PKEY_keygen(context, &key) == 1
    else { return nil }
    return key.map(PrivateKey.init)
  }

  private static func makeCertificate(_ names: [CertificateName], _ now: Int, _ key: PrivateKey) -> Certificate? {
    guard let pointer = X509_new() else { return nil }
    let certificate = Certificate(pointer)
    guard X509_set_version(pointer, 2) == 1, setSerial(pointer), setValidity(pointer, now), setNames(pointer, names),
      X509_set_pubkey(pointer, key.pointer) == 1, addExtensions(pointer, names), X509_sign(pointer, key.pointer, EVP_sha256()) > 0
    else { return nil }
    return certificate
  }

  /// RFC 5280 §4.1.2.2: positive and unique; 63 random bits.
  private static func setSerial(_ certificate: OpaquePointer) -> Bool {
    var serial: UInt64 = 0
    guard withUnsafeMutableBytes(of: &serial, { RAND_bytes($0.baseAddress, Int32($0.count)) }) == 1 else { return false }
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1 | 1) == 1
  }

  private static func setValidity(_ certificate: OpaquePointer, _ now: Int) -> Bool {
    ASN1_TIME_set(X509_getm_notBefore(certificate), now - backdating) != nil
      && ASN1_TIME_set(X509_getm_notAfter(certificate), now - backdating + lifetime) != nil
  }

  private static func setNames(_ certificate: OpaquePointer, _ names: [CertificateName]) -> Bool {
    let subject = X509_get_subject_name(certificate)
    guard add("O", organisation, to: subject) else { return false }
    // RFC 5280 appendix A limits a common name to 64 characters; the alternative names are what counts.
    if let first = names.first?.text, first.utf8.count <= 64, !add("CN", first, to: subject) { return false }
    return X509_set_issuer_name(certificate, subject) == 1
  }

  private static func add(_ field: String, _ value: String, to name: OpaquePointer?) -> Bool {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, value, -1, -1, 0) == 1
  }

  private static func addExtensions(_ certificate: OpaquePointer, _ names: [CertificateName]) -> Bool {
    let alternatives = names.map(\.alternativeName).joined(separator: ",")
    let parts = [
      (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"), (NID_ext_key_usage, "serverAuth"),
      (NID_subject_alt_name, alternatives),
    ]
    return parts.allSatisfy { kind, value in
      guard let part = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return false }
      defer { X509_EXTENSION_free(part) }
      return X509_add_ext(certificate, part, -1) == 1
    }
  }

  private static func pem(_ write: (OpaquePointer) -> Int32) -> [UInt8]? {
    guard let bio = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(bio) }
    guard write(bio) == 1 else { return nil }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = BIO_read(bio, &bytes, Int32(bytes.count))
    return count > 0 ? Array(bytes.prefix(Int(count))) : nil
  }
}

extension Certificate {
  /// Whether Weir made it: our organisation as subject and issuer.
  var isOurs: Bool {
    [X509_get_subject_name(pointer), X509_get_issuer_name(pointer)].allSatisfy { name in
      commonName(name, kinds: [NID_organizationName]) == SelfSignedCertificate.organisation
    }
  }

  func matches(_ key: PrivateKey) -> Bool {
    defer { OpenSSLErrors.clear() }
    return X509_check_private_key(pointer, key.pointer) == 1
  }

  /// Why it should be made anew, or nil when it is good. `now` is in seconds since 1970.
  func staleness(names: [CertificateName], now: Int) -> String? {
    var (earliest, latest) = (now, now + SelfSignedCertificate.renewal)
    if X509_cmp_time(X509_get0_notAfter(pointer), &latest) <= 0 { return "the certificate expires soon" }
    if X509_cmp_time(X509_get0_notBefore(pointer), &earliest) >= 0 { return "the certificate is from the future" }
    let isForNames = names.allSatisfy { $0.isIn(pointer) } && Int(copenssl_alternative_name_count(pointer)) == names.count
    return isForNames ? nil : "the certificate is for another host name"
  }
}
