// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `kind name {` at the start of a line, and what follows the brace.
struct BlockOpening {
  let kind: LocatedText
  /// Everything between the kind and the brace; perhaps in quotes, perhaps empty.
  let name: LocatedText
  /// After the brace, without the blanks around it.
  let rest: LocatedText

  /// Nil if the line opens no block: a `=` before the brace makes it a setting.
  init?(_ line: LocatedText) {
    guard let brace = Self.openingBrace(line) else { return nil }
    let head = line[..<brace].trimmed
    let kindLength = head.bytes.firstIndex(where: \.isBlank) ?? head.count
    kind = head[..<kindLength]
    name = head[kindLength...].trimmed
    rest = line[(brace + 1)...].trimmed
  }

  private static func openingBrace(_ line: LocatedText) -> Int? {
    var quote: UInt8?
    for (offset, byte) in line.bytes.enumerated() {
      if byte == quote {
        quote = nil
      } else if quote == nil {
        if byte == UInt8(ascii: "{") { return offset }
        if byte == UInt8(ascii: "=") || byte == UInt8(ascii: "#") { return nil }
        if byte == UInt8(ascii: "\"") { quote = byte }
      }
    }
    return nil
  }
}
