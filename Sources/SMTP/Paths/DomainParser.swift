// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.2: `Domain = sub-domain *("." sub-domain)` and §4.1.3: address-literal.
///
/// Taken more widely, like Postfix does: underscores, and a dot at the end (RFC 1034 §3.1: absolute).
enum DomainParser {
  /// RFC 5321 §4.5.3.1.2.
  static let maximumLength = 255
  /// RFC 1035 §2.3.4.
  static let maximumLabelLength = 63

  private static let labelCharacters = ASCIISet.alphanumeric.union(ASCIISet("-_"))

  /// The domain without a dot at its end; nil if `bytes` are none.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count <= maximumLength &+ 1 else { return nil }
    if bytes.first == 0x5b { return parseLiteral(bytes) }
    let domain = bytes.last == 0x2e ? bytes.slice(0, bytes.count &- 1) : bytes
    guard domain.count <= maximumLength, hasGoodLabels(domain), !isNumeric(domain) else { return nil }
    return String(decoding: domain, as: UTF8.self)
  }

  /// An IPv4 address without its brackets.
  static func parseBareAddress(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count <= maximumLength, isNumeric(bytes) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return IPAddress(text) == nil ? nil : text
  }

  private static func hasGoodLabels(_ domain: UnsafeRawBufferPointer) -> Bool {
    var cursor = ByteCursor(domain)
    let dot = ASCIISet(".")
    repeat {
      let label = cursor.take(until: dot)
      guard !label.isEmpty, label.count <= maximumLabelLength, label.first != 0x2d, label.last != 0x2d,
        label.allSatisfy({ $0 >= 0x80 || labelCharacters.contains($0) })
      else { return false }
    } while cursor.take(0x2e)
    return true
  }

  /// An address without its brackets is no domain: no top-level domain is a number (RFC 3696 §2).
  private static func isNumeric(_ domain: UnsafeRawBufferPointer) -> Bool {
    domain.allSatisfy { $0 == 0x2e || ASCIISet.digit.contains($0) }
  }

  /// `address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"`
  private static func parseLiteral(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count > 2, bytes.last == 0x5d else { return nil }
    let inner = bytes.slice(1, bytes.count &- 1)
    let isTagged = inner.slice(0, 5).equalsIgnoringCase("IPV6:")
    let text = String(decoding: inner.slice(isTagged ? 5 : 0, inner.count), as: UTF8.self)
    // An IPv4-mapped address is IPv6 by its colons, whatever it is taken for later.
    guard IPAddress(text) != nil, text.utf8.contains(0x3a) == isTagged else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
