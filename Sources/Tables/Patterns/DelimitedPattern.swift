// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `!/pattern/flags`
struct DelimitedPattern {
  let isNegated: Bool
  let delimiter: UInt8
  let pattern: LocatedText
  let flags: LocatedText

  enum Slip: Error {
    case noPattern
    case noClosingDelimiter(opening: Int)
  }

  /// What stands after the flags is the rest. A backslash in the pattern keeps the delimiter after it from closing it.
  static func split(_ text: LocatedText) -> Result<(DelimitedPattern, rest: LocatedText), Slip> {
    let bytes = text.bytes
    let opening = bytes.firstIndex { $0 != UInt8(ascii: "!") && !$0.isBlank } ?? bytes.count
    guard opening < bytes.count else { return .failure(.noPattern) }
    let isNegated = bytes[..<opening].count { $0 == UInt8(ascii: "!") } % 2 == 1
    var closing = opening + 1
    while closing < bytes.count, bytes[closing] != bytes[opening] { closing += bytes[closing] == UInt8(ascii: "\\") ? 2 : 1 }
    guard closing < bytes.count else { return .failure(.noClosingDelimiter(opening: opening)) }
    let end = bytes[(closing + 1)...].firstIndex { $0.isBlank || $0 == UInt8(ascii: "!") } ?? bytes.count
    let delimited = DelimitedPattern(
      isNegated: isNegated, delimiter: bytes[opening], pattern: text[(opening + 1)..<closing], flags: text[(closing + 1)..<end])
    return .success((delimited, text[end...]))
  }

  /// The rule with another pattern, as people write it.
  func text(with pattern: [UInt8]) -> String {
    let delimiter = String(decoding: [delimiter], as: UTF8.self)
    return (isNegated ? "!" : "") + delimiter + String(decoding: pattern, as: UTF8.self) + delimiter + flags.text
  }
}
