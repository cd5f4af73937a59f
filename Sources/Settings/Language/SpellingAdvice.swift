// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What a line was probably meant to be.
struct SpellingAdvice {
  /// `inet interfaces = all`
  func forNameWithBlanks(_ name: String) -> String? {
    Schema.suggestion(for: name).map { "did you mean `\($0)`?" }
  }

  /// `inet_interfaces all`
  func forLineWithoutEquals(_ line: String) -> String {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard let first = words.first.map(String.init) else { return "a setting is `name = value`" }
    if Schema.knows(first) { return "a setting is `name = value`: `\(first) = \(words.dropFirst().joined(separator: " "))`" }
    if let meant = Schema.suggestion(for: first) { return "a setting is `name = value`; did you mean `\(meant)`?" }
    return "a setting is `name = value`; a line that continues a value starts with white space"
  }
}
