// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A value by Dovecot's rules: the comment after it is taken off, quotes are removed.
package struct DovecotValue {
  package private(set) var text: LocatedText
  /// False in single quotes: `$` is a character there.
  package private(set) var expands = true
  package private(set) var diagnostics: [Diagnostic] = []
  let isQuoted: Bool
  /// The bytes of the raw text that the value takes, its quotes among them.
  private(set) var length = 0

  package init(_ raw: LocatedText) {
    text = raw
    isQuoted = raw.bytes.first == UInt8(ascii: "\"") || raw.bytes.first == UInt8(ascii: "'")
    if isQuoted, let quote = raw.bytes.first {
      parseQuoted(raw, quote)
    } else {
      parsePlain(raw)
    }
  }

  private mutating func parsePlain(_ raw: LocatedText) {
    length = raw.count
    guard let hash = raw.firstIndex(of: "#") else { return }
    text = raw[..<hash].trimmed
    length = text.count
    if hash > 0, !raw.bytes[hash - 1].isBlank {
      diagnostics.append(.warning(raw[hash...], "`#` starts a comment here", hint: "put a blank before it, or the value in quotes"))
    }
  }

  private mutating func parseQuoted(_ raw: LocatedText, _ quote: UInt8) {
    expands = quote == UInt8(ascii: "\"")
    text = raw[1..<1]
    var offset = 1
    var begin = 1
    while offset < raw.count, raw.bytes[offset] != quote {
      if raw.bytes[offset] == UInt8(ascii: "\\"), expands, offset + 1 < raw.count {
        text.append(raw[begin..<offset])
        begin = offset + 1
        offset += 1
      }
      offset += 1
    }
    text.append(raw[begin..<offset])
    length = min(offset + 1, raw.count)
    checkEnd(raw, after: offset)
  }

  private mutating func checkEnd(_ raw: LocatedText, after closing: Int) {
    guard closing < raw.count else {
      diagnostics.append(.error(raw[0..<1], "this quote is never closed"))
      return
    }
    let rest = raw[(closing + 1)...].trimmed
    if !rest.isBlankOrComment { diagnostics.append(.error(rest, "text after the closing quote")) }
  }

  /// How a value is written so that it is read as it is.
  static func written(_ value: String) -> String {
    let isPlain = value.first.map { !"\"'<".contains($0) && !$0.isWhitespace } ?? true
    guard !isPlain || value.contains("#") || value.hasSuffix("\\") || value.last?.isWhitespace == true else { return value }
    return "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}
