// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What is wrong with a rule, where, and what was probably meant.
struct PatternAdvice {
  let engine: PatternEngine

  private var isPerl: Bool { if case .perl = engine { true } else { false } }

  /// A line that starts with a word which begins no rule.
  func noRule(_ line: LocatedText) -> Diagnostic {
    let isEditors = line.bytes.first == UInt8(ascii: ":")
    let hint = isEditors ? Self.editorHint : "a note starts with `#`; what was typed for an editor does not belong here; a rule is `/pattern/ value`"
    return .error(line, "this line is no rule: a rule starts with its pattern", hint: hint)
  }

  private static let editorHint = "this looks like an editor command: remove the line"

  func slip(_ slip: DelimitedPattern.Slip, _ text: LocatedText) -> Diagnostic {
    switch slip {
    case .noPattern: return .error(text, "here is no pattern", hint: "a rule is `/pattern/ value`")
    case .noClosingDelimiter(let opening):
      let delimiter = String(decoding: text.bytes[opening..<min(opening + 1, text.count)], as: UTF8.self)
      return .error(text[opening..<(opening + 1)], "this pattern has no closing `\(delimiter)`", hint: closingHint(text, opening, delimiter))
    }
  }

  private func closingHint(_ text: LocatedText, _ opening: Int, _ delimiter: String) -> String {
    let bytes = text.bytes
    if bytes[opening] == UInt8(ascii: ":"), text.count <= 40 { return Self.editorHint }
    if bytes.last == bytes[opening], text.count > opening + 1 {
      return "the last `\(delimiter)` does not close it: the `\\` before takes that meaning from it"
    }
    if let note = Self.note(in: text) {
      return "write `\(delimiter)` after the pattern, then its value; `\(note.text)` looks like a note from where this was copied"
    }
    return bytes[opening] == UInt8(ascii: "/")
      ? "a rule is `/pattern/ value`" : "a rule is `/pattern/ value`; the first character, here `\(delimiter)`, is also the last of the pattern"
  }

  /// `--> …`, `<-- …`: what tutorials write beside a line.
  private static func note(in text: LocatedText) -> LocatedText? {
    let bytes = text.bytes
    let arrow = bytes.indices.first { bytes[$0...].starts(with: Array("-->".utf8)) || bytes[$0...].starts(with: Array("<--".utf8)) }
    return arrow.map { text[$0...].trimmed }
  }

  func noteInValue(_ value: LocatedText) -> Diagnostic? {
    Self.note(in: value).map {
      .warning($0, "`\($0.text)` is part of the value, and so of what a client is told", hint: "is it a note from where this was copied?")
    }
  }

  func secondPattern(_ rest: LocatedText) -> Diagnostic {
    .error(rest, "one pattern for each rule", hint: "write `if !/second/`, the rule with the first pattern, and `endif` on three lines")
  }

  func unknownFlag(_ delimited: DelimitedPattern, at offset: Int) -> Diagnostic {
    let known = engine.flags.keys.sorted().map { "`\(String(decoding: [$0], as: UTF8.self))`" }.joined(separator: ", ")
    let flag = delimited.flags[offset..<(offset + 1)]
    let delimiter = String(decoding: [delimited.delimiter], as: UTF8.self)
    let isLong = delimited.flags.count > 3
    let hint = isLong ? "a `\(delimiter)` within the pattern is written `\\\(delimiter)`; a blank ends the pattern's flags" : "the flags are \(known)"
    return .error(flag, "unknown flag `\(flag.text)` after the pattern", hint: hint)
  }

  func doesNotCompile(_ problem: PatternProblem, _ delimited: DelimitedPattern, _ flags: Int, _ line: LocatedText) -> Diagnostic {
    let pattern = delimited.pattern
    let scan = PatternScan(pattern.bytes, isPerl: isPerl)
    let offset = place(problem, scan)
    let place = offset.map { pattern[$0..<($0 + 1)] } ?? pattern
    // At the end of the pattern there is nothing to underline but its delimiter.
    let location = offset == pattern.count ? pattern.end : place.start
    return .error(
      location, length: max(1, place.count), "this pattern does not compile: \(problem.reason)", hint: hint(problem, scan, delimited, flags, line))
  }

  private func place(_ problem: PatternProblem, _ scan: PatternScan) -> Int? {
    switch problem.kind {
    case .parenthesis: scan.unclosedGroups.last ?? scan.strayClosing ?? problem.offset
    case .bracket: scan.unclosedBracket ?? problem.offset
    case .repetition: scan.strayRepetition ?? problem.offset
    case .brace: scan.badBrace ?? problem.offset
    case .range: scan.badRange ?? problem.offset
    case .characterClass: scan.badClass ?? problem.offset
    case .backReference, .escape, .other: problem.offset
    }
  }

  private func hint(_ problem: PatternProblem, _ scan: PatternScan, _ delimited: DelimitedPattern, _ flags: Int, _ line: LocatedText) -> String? {
    if !scan.unclosedGroups.isEmpty, case .parenthesis = problem.kind { return closedGroups(scan, delimited, flags, line) }
    if case .parenthesis = problem.kind, scan.strayClosing != nil { return "a `)` that is meant as such is written `\\)`" }
    if scan.unclosedBracket != nil { return "a `[` that is meant as such is written `\\[`; else a `]` closes it" }
    if scan.strayRepetition == 0, delimited.pattern.bytes.first == UInt8(ascii: "*") {
      return "`*` repeats what stands before it; any text is `.*`: did you mean `\(delimited.text(with: Self.fromGlob(delimited.pattern.bytes)))`?"
    }
    if scan.strayRepetition != nil { return "`*`, `+`, `?` and `{` repeat what stands before them; written `\\*` and so on they mean themselves" }
    if scan.badBrace != nil { return "a count is `{2}`, `{2,}` or `{2,5}`; a `{` that is meant as such is written `\\{`" }
    if scan.badRange != nil { return "a range runs upwards; a `-` that is meant as such stands first or last in the brackets" }
    if scan.badClass != nil { return "such as `[[:alnum:]]`, `[[:digit:]]` or `[[:space:]]`" }
    return nil
  }

  /// With the missing `)` at the end, if that compiles.
  private func closedGroups(_ scan: PatternScan, _ delimited: DelimitedPattern, _ flags: Int, _ line: LocatedText) -> String {
    let closed = delimited.pattern.bytes + Array(repeating: UInt8(ascii: ")"), count: scan.unclosedGroups.count)
    guard case .success = engine.compile(closed, flags: flags) else { return "every `(` needs a `)`; written `\\(` it means itself" }
    return "did you mean `\(delimited.text(with: closed))`?"
  }

  /// `*.exe` as `.*\.exe`.
  private static func fromGlob(_ pattern: [UInt8]) -> [UInt8] {
    pattern.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "*"): Array(".*".utf8)
      case UInt8(ascii: "."): Array("\\.".utf8)
      default: [byte]
      }
    }
  }
}
