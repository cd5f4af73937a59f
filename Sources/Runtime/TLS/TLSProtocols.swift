// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// A TLS or SSL protocol version, by its number on the wire.
package struct TLSVersion: RawRepresentable, Hashable, Comparable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let ssl3 = TLSVersion(rawValue: SSL3_VERSION)
  package static let tls1 = TLSVersion(rawValue: TLS1_VERSION)
  package static let tls11 = TLSVersion(rawValue: TLS1_1_VERSION)
  package static let tls12 = TLSVersion(rawValue: TLS1_2_VERSION)
  package static let tls13 = TLSVersion(rawValue: TLS1_3_VERSION)

  /// Every version OpenSSL can be told to speak, the oldest first.
  static let known: [TLSVersion] = [.ssl3, .tls1, .tls11, .tls12, .tls13]

  package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }

  /// A version by name, or by number as in `0x0303`. SSLv2 is known as a name: nothing speaks it, so excluding it is no error.
  init?(word: Substring) {
    switch word.lowercased() {
    case "sslv2": self.init(rawValue: 2)
    case "sslv3": self = .ssl3
    case "tlsv1", "tlsv1.0": self = .tls1
    case "tlsv1.1": self = .tls11
    case "tlsv1.2": self = .tls12
    case "tlsv1.3": self = .tls13
    case let text where text.hasPrefix("0x"):
      guard let number = Int32(text.dropFirst(2), radix: 16), number > 0 else { return nil }
      self.init(rawValue: number)
    default: return nil
    }
  }
}

/// The versions that `smtpd_tls_protocols` and `smtpd_tls_mandatory_protocols` allow: `>=TLSv1.2`, `<=TLSv1.3`, `!SSLv2, !SSLv3` or `TLSv1.2 TLSv1.3`.
package struct TLSProtocols: Hashable, Sendable {
  package private(set) var minimum: TLSVersion?
  package private(set) var maximum: TLSVersion?
  package private(set) var excluded: Set<TLSVersion> = []
  private var included: Set<TLSVersion> = []

  /// Postfix's default, `>=TLSv1`; SSLv3 and older are never spoken.
  package static let postfix = TLSProtocols(minimum: .tls1)

  package init(minimum: TLSVersion?) { self.minimum = minimum }

  package init(_ value: String) throws(TLSConfigurationError) {
    let separators: Set<Character> = [" ", "\t", "\n", "\r", ",", ":"]
    for word in value.split(whereSeparator: { separators.contains($0) }) {
      guard add(word) else { throw TLSConfigurationError(value, "unknown TLS protocol \"\(word)\"") }
    }
    guard !allowed.isEmpty else { throw TLSConfigurationError(value, "leaves no TLS protocol") }
  }

  /// Gives up the versions below `version`.
  package mutating func raise(to version: TLSVersion) { minimum = max(minimum ?? version, version) }

  private mutating func add(_ word: Substring) -> Bool {
    let (mark, name) = Self.split(word)
    guard let version = TLSVersion(word: name) else { return false }
    switch mark {
    case ">=": minimum = version
    case "<=": maximum = version
    case "!": excluded.insert(version)
    default: included.insert(version)
    }
    return true
  }

  private static func split(_ word: Substring) -> (mark: String, name: Substring) {
    for mark in [">=", "<=", "!"] where word.hasPrefix(mark) { return (mark, word.dropFirst(mark.count)) }
    return ("", word)
  }

  /// The versions that may be spoken, the oldest first.
  package var allowed: [TLSVersion] {
    TLSVersion.known.filter { version in
      version >= minimum ?? .ssl3 && version <= maximum ?? .tls13 && !excluded.contains(version)
        && (included.isEmpty || included.contains(version))
    }
  }

  func apply(to context: OpaquePointer) -> Bool {
    guard let first = allowed.first, let last = allowed.last else { return false }
    // OpenSSL forbids versions before TLS 1.2 above this level: their signatures are SHA-1.
    if first < .tls12 { SSL_CTX_set_security_level(context, 0) }
    for version in TLSVersion.known where !allowed.contains(version) { copenssl_exclude_protocol(context, version.rawValue) }
    return copenssl_set_protocol_range(context, first.rawValue, last.rawValue) == 1
  }
}
