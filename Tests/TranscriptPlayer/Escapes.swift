// SPDX-License-Identifier: Apache-2.0

/// The little language within a line of a transcript.
enum Escapes {
  /// Expands each `{x*N}`.
  static func expand(_ text: String) -> String {
    guard let open = text.firstIndex(of: "{"), let close = text[open...].firstIndex(of: "}") else { return text }
    let inner = text[text.index(after: open)..<close]
    let rest = expand(String(text[text.index(after: close)...]))
    guard let star = inner.lastIndex(of: "*"), let count = Int(inner[inner.index(after: star)...]) else {
      return text[...close] + rest
    }
    return text[..<open] + String(repeating: String(inner[..<star]), count: count) + rest
  }

  /// The bytes of an `R:` line.
  static func bytes(_ text: String) -> [UInt8] {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
        result.append(byte)
        continue
      }
      switch letter {
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "0"): result.append(0)
      case UInt8(ascii: "x"):
        result.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
      default: result.append(letter)
      }
    }
    return result
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  static func replace(_ old: String, by new: String, in text: String) -> String {
    var result = ""
    var rest = text[...]
    while let hit = rest.indices.first(where: { rest[$0...].hasPrefix(old) }) {
      result += rest[..<hit] + new
      rest = rest[hit...].dropFirst(old.count)
    }
    return result + rest
  }
}
