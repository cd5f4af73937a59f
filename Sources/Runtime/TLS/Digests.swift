// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// Hashes for logins and fingerprints, by OpenSSL's names: `md5`, `sha1`, `sha256`.
package enum Digests {
  /// Empty if OpenSSL does not know the digest, or may not use it.
  package static func hash(_ name: String, _ data: [UInt8]) -> [UInt8] {
    compute(name) { kind, bytes, length in EVP_Digest(data, data.count, bytes, length, kind, nil) == 1 }
  }

  /// RFC 2104.
  package static func hmac(_ name: String, key: [UInt8], _ data: [UInt8]) -> [UInt8] {
    compute(name) { kind, bytes, length in HMAC(kind, key, Int32(clamping: key.count), data, data.count, bytes, length) != nil }
  }

  /// RFC 8018 §5.2, PBKDF2 with HMAC, one block of output. It takes a millisecond for some thousand iterations: not on a loop.
  package static func derive(_ name: String, password: [UInt8], salt: [UInt8], iterations: Int) -> [UInt8] {
    compute(name) { kind, bytes, length in
      let size = EVP_MD_get_size(kind)
      guard size > 0, let rounds = Int32(exactly: iterations) else { return false }
      length.pointee = UInt32(size)
      return password.withUnsafeBufferPointer { password in
        password.withMemoryRebound(to: CChar.self) {
          PKCS5_PBKDF2_HMAC($0.baseAddress, Int32(clamping: $0.count), salt, Int32(clamping: salt.count), rounds, kind, size, bytes)
        }
      } == 1
    }
  }

  private static func compute(
    _ name: String, _ body: (OpaquePointer, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt32>) -> Bool
  ) -> [UInt8] {
    OpenSSLErrors.clear()
    defer { OpenSSLErrors.clear() }
    guard let kind = EVP_get_digestbyname(name) else { return [] }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Int(EVP_MAX_MD_SIZE)) { bytes in
      var length: UInt32 = 0
      guard let start = bytes.baseAddress, body(kind, start, &length) else { return [] }
      return Array(bytes.prefix(Int(length)))
    }
  }

  /// Bytes that nobody can foretell.
  package static func random(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    return RAND_bytes(&bytes, Int32(clamping: count)) == 1 ? bytes : []
  }
}
