// SPDX-License-Identifier: Apache-2.0
import Bytes

/// `smtpd_expansion_filter`: the bytes that what a client said may bring into a reply. Others become `_`.
package struct ExpansionFilter: Equatable, Sendable {
  private var allowed = ASCIISet()

  /// Postfix's: what can be printed in ASCII, and the tabulator.
  package static let standard = ExpansionFilter(standardText)
  package static let standardText =
    ##"\t\40!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"##

  /// The characters one after the other; `\t`, `\n` and others are C's, `\40` is a byte in octal digits.
  package init(_ text: String) {
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let escaped = Self.takeEscape(&rest) { allowed.insert(escaped) } else { allowed.insert(byte) }
    }
  }

  /// What follows a backslash; nil at the end.
  private static func takeEscape(_ rest: inout ArraySlice<UInt8>) -> UInt8? {
    let digits = rest.prefix(3).prefix { (0x30...0x37).contains($0) }
    guard digits.isEmpty else {
      rest = rest.dropFirst(digits.count)
      return UInt8(truncatingIfNeeded: digits.reduce(0) { $0 << 3 | Int($1 - 0x30) })
    }
    return rest.popFirst().map { escapes[$0] ?? $0 }
  }

  private static let escapes: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
    UInt8(ascii: "v"): 11,
  ]

  func filtered(_ value: String) -> [UInt8] { value.utf8.map { allowed.contains($0) ? $0 : UInt8(ascii: "_") } }
}
