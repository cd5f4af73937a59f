// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Patterns that match every text though they were not meant to.
extension PatternAdvice {
  /// Texts that have nothing in common: a pattern that matches the empty text and these matches everything.
  private static let probes = ["~", "\u{1}", "Zq 0", "=_=", "\n"]

  /// An empty alternative, or something that may be there any number of times, matches the empty text, and so, unless it is anchored, every text. A pattern
  /// of nothing but `^`, `$`, `.*` and parentheses says that it means everything.
  func matchesEverything(_ pattern: Pattern, _ delimited: DelimitedPattern, _ line: LocatedText, number: Int) -> Diagnostic? {
    let plain = Set("^$.*+?()".utf8)
    if delimited.pattern.bytes.allSatisfy({ plain.contains($0) }), !delimited.pattern.isEmpty { return nil }
    guard pattern.matches(""), Self.probes.allSatisfy(pattern.matches) else { return nil }
    let scan = PatternScan(delimited.pattern.bytes, isPerl: engine == .perl)
    let place = scan.emptyAlternative.map { delimited.pattern[$0] } ?? (delimited.pattern.isEmpty ? line : delimited.pattern)
    let because = scan.emptyAlternative == nil ? "" : ": an alternative is empty"
    let hint = repaired(delimited, scan).map { "did you mean `\($0)`?" } ?? "write `/.*/` for a rule that is meant for everything"
    return .error(place, "rule \(number) matches the empty string, and so every text\(because)", hint: hint)
  }

  /// Without the empty alternatives; and if the first one goes `^begin.*word` and the others are bare words, with the words as its alternatives.
  private func repaired(_ delimited: DelimitedPattern, _ scan: PatternScan) -> String? {
    let bytes = delimited.pattern.bytes
    guard scan.emptyAlternative != nil, !scan.bars.isEmpty else { return nil }
    var starts = [0] + scan.bars.map { $0 + 1 }
    starts.append(bytes.count + 1)
    let alternatives = zip(starts, starts.dropFirst()).map { Array(bytes[$0..<($1 - 1)]) }.filter { !$0.isEmpty }
    guard let first = alternatives.first else { return nil }
    return delimited.text(with: Self.grouped(first, Array(alternatives.dropFirst())) ?? Array(alternatives.joined(separator: [UInt8(ascii: "|")])))
  }

  private static func grouped(_ first: [UInt8], _ others: [[UInt8]]) -> [UInt8]? {
    guard first.first == UInt8(ascii: "^"), !others.isEmpty, others.allSatisfy({ $0.allSatisfy(\.isLetterOrDigit) }) else { return nil }
    guard let star = first.lastIndex(of: UInt8(ascii: "*")), star > 1, first[star - 1] == UInt8(ascii: ".") else { return nil }
    let (begin, word) = (first[..<(star - 1)], first[(star + 1)...])
    guard !word.isEmpty, word.allSatisfy(\.isLetterOrDigit) else { return nil }
    let words = ([Array(word)] + others).joined(separator: [UInt8(ascii: "|")])
    return header(Array(begin)) + Array(".*(".utf8) + words + [UInt8(ascii: ")")]
  }

  /// `^subject` is the header field `^Subject:`.
  private static func header(_ begin: [UInt8]) -> [UInt8] {
    let name = String(decoding: begin.dropFirst(), as: UTF8.self).lowercased()
    guard
      let field = ["Subject", "From", "To", "Cc", "Received", "Reply-To", "Sender", "X-Mailer", "User-Agent", "Message-ID"].first(where: {
        $0.lowercased() == name
      })
    else { return begin }
    return Array("^\(field):".utf8)
  }
}
