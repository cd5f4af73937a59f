// SPDX-License-Identifier: Apache-2.0

/// RFC 2045 §6.7: text for which seven bits are enough. Lines end in LF here.
package enum QuotedPrintable {
  /// RFC 2045 §6.7 (5): no encoded line is longer, its soft line break included.
  static let longestLine = 76

  package static func append(_ text: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 0x0a) ?? text.count
      appendLine(UnsafeRawBufferPointer(rebasing: text[start..<end]), to: &output)
      if end < text.count { output.append(0x0a) }
      start = end + 1
    }
  }

  private static func appendLine(_ line: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    var column = 0
    for (index, byte) in line.enumerated() {
      let isLast = index == line.count - 1
      let width = isPlain(byte, isLast: isLast) ? 1 : 3
      if column + width > (isLast ? longestLine : longestLine - 1) {
        output.append(UInt8(ascii: "="))
        output.append(0x0a)
        column = 0
      }
      if width == 1 {
        output.append(byte)
      } else {
        output += [UInt8(ascii: "="), digit(byte >> 4), digit(byte & 15)]
      }
      column += width
    }
  }

  /// RFC 2045 §6.7 (2), (3): a blank at the end of a line would be lost on the way.
  private static func isPlain(_ byte: UInt8, isLast: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "="): false
    case 0x21...0x7e: true
    case 0x20, 0x09: !isLast
    default: false
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }
}
