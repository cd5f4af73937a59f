// SPDX-License-Identifier: Apache-2.0

/// Text without regard to case, in any script: as Postfix, which looks keys up in the full case folding of Unicode where they are UTF-8, and else in
/// lower case of ASCII.
package enum CaseFolding {
  typealias Bytes = UnsafeRawBufferPointer

  package static func fold(_ text: some Collection<UInt8>) -> [UInt8] {
    guard text.contains(where: { $0 >= 0x80 }), let string = String(validating: text, as: UTF8.self) else { return text.map(lowercase) }
    var folded: [UInt8] = []
    folded.reserveCapacity(text.count + 8)
    for scalar in string.unicodeScalars { append(scalar, to: &folded) }
    return folded
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

  /// The standard library has no folding, but mappings, which come to the same: `ẞ`, `ß` and `ss` are one by way of `SS`. All but the dotless i,
  /// which is no i.
  private static func append(_ scalar: Unicode.Scalar, to folded: inout [UInt8]) {
    if scalar.isASCII { return folded.append(lowercase(UInt8(ascii: scalar))) }
    if scalar == "\u{131}" { return folded.append(contentsOf: String(scalar).utf8) }
    for lower in scalar.properties.lowercaseMapping.unicodeScalars {
      for upper in lower.properties.uppercaseMapping.unicodeScalars { folded.append(contentsOf: upper.properties.lowercaseMapping.utf8) }
    }
  }

  /// Whether two texts, of which one at least is more than ASCII, are one.
  static func areEqual(_ left: Bytes, _ right: Bytes) -> Bool {
    guard left.contains(where: { $0 >= 0x80 }) || right.contains(where: { $0 >= 0x80 }) else { return false }
    return fold(left) == fold(right)
  }
}
