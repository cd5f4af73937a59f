// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import Glibc

@testable import Runtime

/// A new folder under the system's one for temporary files, removed at the end.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/weir-tls-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
    }
    precondition(!path.isEmpty)
  }

  deinit {
    guard let directory = opendir(path) else { return }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { raw in
        raw.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { unlink("\(path)/\(name)") }
    }
    closedir(directory)
    rmdir(path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes beside and renames, so that the new file is another inode.
  @discardableResult
  func write(_ name: String, _ text: String, mode: mode_t = 0o600) -> String {
    let temporary = file("\(name).tmp")
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    precondition(descriptor >= 0)
    fchmod(descriptor, mode)
    var text = text
    let written = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    precondition(written == text.utf8.count)
    close(descriptor)
    precondition(rename(temporary, file(name)) == 0)
    return file(name)
  }
}

func contents(_ path: String) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return "" }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
  return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}

/// A key and a self-made certificate, as PEM text.
struct Identity {
  enum Kind { case p256, rsa2048 }

  let key: String
  let certificate: String

  init(_ name: String, _ kind: Kind = .p256) {
    let keyPointer = Self.makeKey(kind)
    let certificatePointer = X509_new()
    defer {
      EVP_PKEY_free(keyPointer)
      X509_free(certificatePointer)
    }
    X509_set_version(certificatePointer, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificatePointer), 1)
    X509_gmtime_adj(X509_getm_notBefore(certificatePointer), -60)
    X509_gmtime_adj(X509_getm_notAfter(certificatePointer), 86_400)
    X509_set_pubkey(certificatePointer, keyPointer)
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificatePointer), "CN", MBSTRING_UTF8, name, -1, -1, 0)
    X509_set_issuer_name(certificatePointer, X509_get_subject_name(certificatePointer))
    for (kind, value) in [(NID_basic_constraints, "critical,CA:TRUE"), (NID_subject_alt_name, "DNS:\(name)")] {
      let part = X509V3_EXT_conf_nid(nil, nil, kind, value)
      X509_add_ext(certificatePointer, part, -1)
      X509_EXTENSION_free(part)
    }
    precondition(X509_sign(certificatePointer, keyPointer, EVP_sha256()) > 0)
    key = Self.text { PEM_write_bio_PKCS8PrivateKey($0, keyPointer, nil, nil, 0, nil, nil) }
    certificate = Self.text { PEM_write_bio_X509($0, certificatePointer) }
  }

  private static func makeKey(_ kind: Kind) -> OpaquePointer? {
    let context = EVP_PKEY_CTX_new_id(kind == .p256 ? EVP_PKEY_EC : EVP_PKEY_RSA, nil)
    defer { EVP_PKEY_CTX_free(context) }
    EVP_PKEY_keygen_init(context)
    if kind == .p256 {
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1)
    } else {
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048)
    }
    var key: OpaquePointer?
    precondition(EVP_PKEY_keygen(context, &key) == 1)
    return key
  }

  private static func text(_ write: (OpaquePointer?) -> Int32) -> String {
    let bio = BIO_new(BIO_s_mem())
    defer { BIO_free(bio) }
    precondition(write(bio) == 1)
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = BIO_read(bio, &bytes, Int32(bytes.count))
    return String(decoding: bytes.prefix(Int(count)), as: UTF8.self)
  }
}

extension TemporaryFolder {
  /// Writes `name.key` and `name.pem`.
  func write(_ identity: Identity, as name: String) -> TLSKeyFiles {
    .pair(certificate: write("\(name).pem", identity.certificate), key: write("\(name).key", identity.key))
  }
}
