// SPDX-License-Identifier: Apache-2.0

/// Postfix's lists: elements apart by commas or blanks; what is in braces stays together.
extension LocatedText {
  /// The elements, none empty. An opening brace that is never closed takes the rest.
  package func elements() -> [LocatedText] {
    elements { $0 == UInt8(ascii: ",") || $0.isBlank }
  }

  package func elements(separatedBy isSeparator: (UInt8) -> Bool) -> [LocatedText] {
    var found: [LocatedText] = []
    var start: Int?
    var depth = 0
    for (offset, byte) in bytes.enumerated() {
      if depth == 0, isSeparator(byte) {
        if let begin = start { found.append(self[begin..<offset]) }
        start = nil
        continue
      }
      start = start ?? offset
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}"), depth > 0 { depth -= 1 }
    }
    if let begin = start { found.append(self[begin..<count]) }
    return found
  }

  /// What is between `{` and `}` if the text is one group in braces, without the blanks at its ends; else nil.
  package var group: LocatedText? {
    guard count >= 2, bytes.first == UInt8(ascii: "{"), closingBrace(from: 0) == count - 1 else { return nil }
    return self[1..<(count - 1)].trimmed
  }

  /// The offset of the brace that closes the one at `opening`.
  package func closingBrace(from opening: Int) -> Int? {
    var depth = 0
    for offset in bytes.indices.dropFirst(opening) {
      if bytes[offset] == UInt8(ascii: "{") { depth += 1 }
      if bytes[offset] == UInt8(ascii: "}") {
        depth -= 1
        if depth <= 0 { return offset }
      }
    }
    return nil
  }
}
