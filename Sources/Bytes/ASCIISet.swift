// SPDX-License-Identifier: Apache-2.0

/// A set of ASCII characters, asked with one shift. Bytes above 127 are never members.
package struct ASCIISet: Equatable, Sendable {
  private var low: UInt64 = 0
  private var high: UInt64 = 0

  package init() {}

  /// The set of the ASCII characters of `members`; others are left out.
  package init(_ members: StaticString) {
    members.withUTF8Buffer { for byte in $0 { insert(byte) } }
  }

  package mutating func insert(_ byte: UInt8) {
    if byte < 64 { low |= 1 << UInt64(byte) } else if byte < 128 { high |= 1 << UInt64(byte & 63) }
  }

  package func contains(_ byte: UInt8) -> Bool {
    byte < 128 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
  }

  package func union(_ other: ASCIISet) -> ASCIISet {
    var result = self
    result.low |= other.low
    result.high |= other.high
    return result
  }

  /// RFC 5234 appendix B.1.
  package static let digit = ASCIISet("0123456789")
  package static let upper = ASCIISet("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
  package static let lower = ASCIISet("abcdefghijklmnopqrstuvwxyz")
  package static let alpha = upper.union(lower)
  package static let alphanumeric = alpha.union(digit)
  /// RFC 5322 §3.2.3, without bytes above 127.
  package static let atext = alphanumeric.union(ASCIISet("!#$%&'*+-/=?^_`{|}~"))
  /// What Postfix takes for white space between the words of a command.
  package static let blank = ASCIISet(" \t\r\u{0b}\u{0c}")
}
