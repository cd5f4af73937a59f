// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.1.2: `Domain = sub-domain *("." sub-domain)` and §4.1.3: address-literal.
///
/// Taken more widely, like Postfix does: underscores, and dots at the end (RFC 1034 §3.1 calls it absolute).
enum DomainParser {
  /// RFC 5321 §4.5.3.1.2.
  static let maximumLength = 255
  /// RFC 1035 §2.3.4.
  static let maximumLabelLength = 63

  private static let labelCharacters = ASCIISet.alphanumeric.union(ASCIISet("-_"))
  private static let literalCharacters = ASCIISet.alphanumeric.union(ASCIISet(":.-"))

  /// The domain without dots at its end; nil if `bytes` are none.
  static func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count <= maximumLength &+ 1 else { return nil }
    if bytes.first == 0x5b { return parseLiteral(bytes) }
    var end = bytes.count
    while end > 0, bytes[end &- 1] == 0x2e { end &-= 1 }
    let domain = bytes.slice(0, end)
    guard !domain.isEmpty, domain.count <= maximumLength, hasGoodLabels(domain) else { return nil }
    return String(decoding: domain, as: UTF8.self)
  }

  private static func hasGoodLabels(_ domain: UnsafeRawBufferPointer) -> Bool {
    var length = 0
    for byte in domain {
      if byte == 0x2e {
        if length == 0 { return false }
        length = 0
      } else {
        guard byte >= 0x80 || labelCharacters.contains(byte), length < maximumLabelLength else { return false }
        length &+= 1
      }
    }
    return length > 0
  }

  /// `address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"`; the address itself is judged later.
  private static func parseLiteral(_ bytes: UnsafeRawBufferPointer) -> String? {
    var cursor = ByteCursor(bytes.slice(1, bytes.count))
    let address = cursor.take(while: literalCharacters)
    guard !address.isEmpty, cursor.take(0x5d), cursor.isAtEnd else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
