// SPDX-License-Identifier: Apache-2.0

/// What every text begins with that a `regexp:` pattern matches: of `^Subject:.*(a|b)` it is `subject:`. Most rules about headers are of that form, and most
/// headers begin otherwise; to see that takes a few nanoseconds, to ask the C library some hundreds.
///
/// Whoever is in doubt finds no prefix: then the library is asked.
struct LiteralPrefix: Sendable {
  /// In small letters if case does not count.
  let bytes: [UInt8]
  private let isCaseless: Bool

  /// Nil for a pattern that is not known to be anchored. POSIX's extended expressions only.
  init?(extended pattern: [UInt8], isCaseless: Bool) {
    guard pattern.first == UInt8(ascii: "^"), !Self.hasAlternatives(pattern) else { return nil }
    var literal = pattern.dropFirst().prefix { Self.isPlain($0) }
    // What may be missing or come again is not part of it.
    if let next = pattern[literal.endIndex...].first, "*+?{".utf8.contains(next) { literal = literal.dropLast() }
    guard !literal.isEmpty else { return nil }
    bytes = isCaseless ? Array(literal).folded : Array(literal)
    self.isCaseless = isCaseless
  }

  func isBeginning(of subject: UnsafeBufferPointer<UInt8>) -> Bool {
    guard subject.count >= bytes.count else { return false }
    for index in bytes.indices {
      let byte = subject[index]
      if (isCaseless && byte &- 0x41 < 26 ? byte | 0x20 : byte) != bytes[index] { return false }
    }
    return true
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: " "), UInt8(ascii: "@"), UInt8(ascii: "/"), UInt8(ascii: "="): true
    default: false
    }
  }

  /// Whether there may be a `|` outside of groups.
  private static func hasAlternatives(_ pattern: [UInt8]) -> Bool {
    var (offset, depth) = (0, 0)
    while offset < pattern.count {
      switch pattern[offset] {
      case UInt8(ascii: "\\"): offset += 1
      case UInt8(ascii: "["):
        guard let end = endOfBracket(pattern, offset) else { return true }
        offset = end
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"):
        depth -= 1
        if depth < 0 { return true }
      case UInt8(ascii: "|"), UInt8(ascii: "\n"): if depth == 0 { return true }
      default: break
      }
      offset += 1
    }
    return depth != 0
  }

  /// The place of the `]`; nil for brackets that hold a `[`, which may open a class in them.
  private static func endOfBracket(_ pattern: [UInt8], _ opening: Int) -> Int? {
    var offset = opening + 1
    if offset < pattern.count, pattern[offset] == UInt8(ascii: "^") { offset += 1 }
    if offset < pattern.count, pattern[offset] == UInt8(ascii: "]") { offset += 1 }
    while offset < pattern.count, pattern[offset] != UInt8(ascii: "]") {
      if pattern[offset] == UInt8(ascii: "[") {
        // `[:space:]`
        guard offset + 1 < pattern.count, pattern[offset + 1] == UInt8(ascii: ":"),
          let colon = pattern[(offset + 2)...].firstIndex(where: { !($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) }), pattern[colon] == UInt8(ascii: ":"),
          colon + 1 < pattern.count, pattern[colon + 1] == UInt8(ascii: "]")
        else { return nil }
        offset = colon + 1
      }
      offset += 1
    }
    return offset < pattern.count ? offset : nil
  }
}
