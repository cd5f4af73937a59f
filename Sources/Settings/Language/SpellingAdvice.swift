// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What a line was probably meant to be.
///
/// Comparing a name with all others takes time, so only the first mistakes of a text get advice: a file that is something else altogether, such as
/// a picture, is refused as quickly.
struct SpellingAdvice {
  static let maximum = 200

  private var given = 0

  mutating func nearest(to name: String) -> String? { isLeft() ? Schema.suggestion(for: name) : nil }

  /// A name that differs by a slip or two.
  mutating func near(_ name: String) -> String? { isLeft() ? Schema.nearName(to: name) : nil }

  /// Takes one piece of advice, if any is left.
  mutating func isLeft() -> Bool {
    guard given < Self.maximum else { return false }
    given += 1
    return true
  }

  /// `inet interfaces = all`
  mutating func forNameWithBlanks(_ name: String) -> String? {
    nearest(to: name).map { "did you mean `\($0)`?" }
  }

  /// `inet_interfaces all`
  mutating func forLineWithoutEquals(_ line: String) -> String {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard let first = words.first.map(String.init) else { return "a setting is `name = value`" }
    if Schema.knows(first) { return "a setting is `name = value`: `\(first) = \(words.dropFirst().joined(separator: " "))`" }
    if let meant = nearest(to: first) { return "a setting is `name = value`; did you mean `\(meant)`?" }
    return "a setting is `name = value`; a line that continues a value starts with white space"
  }
}
