// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// What a server's certificate says, for reports.
package struct CertificateFacts: Equatable, Sendable {
  /// Where it is.
  package var path: String
  /// Seconds from now until it ends; negative when it has.
  package var lifetimeLeft: Int
  /// It is not valid yet.
  package var isFromFuture: Bool
  /// Signed by its own key.
  package var isSelfSigned: Bool
  /// Its key is there and belongs to it.
  package var hasKey: Bool
  /// Those of the names asked about that it is good for.
  package var names: [String]

  package init(path: String, lifetimeLeft: Int, isFromFuture: Bool = false, isSelfSigned: Bool = false, hasKey: Bool = true, names: [String]) {
    self.path = path
    self.lifetimeLeft = lifetimeLeft
    self.isFromFuture = isFromFuture
    self.isSelfSigned = isSelfSigned
    self.hasKey = hasKey
    self.names = names
  }

  /// Reads all certificates of `files` that have a key. `now` is in seconds since 1970.
  package static func read(_ files: TLSKeyFiles, names: [String], now: Int) throws(TLSConfigurationError) -> [CertificateFacts] {
    var found: [CertificateFacts] = []
    for pair in try TLSKeyPairs(files).pairs { found.append(CertificateFacts(pair, names, now)) }
    return found
  }

  private init(_ pair: TLSKeyPair, _ names: [String], _ now: Int) {
    let certificate = pair.certificate.pointer
    self.init(
      path: pair.path, lifetimeLeft: Self.seconds(from: now, to: X509_get0_notAfter(certificate)),
      isFromFuture: Self.seconds(from: now, to: X509_get0_notBefore(certificate)) > 0, isSelfSigned: X509_self_signed(certificate, 0) == 1,
      hasKey: pair.certificate.matches(pair.key), names: names.filter { X509_check_host(certificate, $0, 0, 0, nil) == 1 })
    OpenSSLErrors.clear()
  }

  private static func seconds(from now: Int, to time: UnsafePointer<ASN1_TIME>?) -> Int {
    guard let time, let start = ASN1_TIME_set(nil, now) else { return 0 }
    defer { ASN1_TIME_free(start) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard ASN1_TIME_diff(&days, &seconds, start, time) == 1 else { return 0 }
    return Int(days) * 86_400 + Int(seconds)
  }
}
