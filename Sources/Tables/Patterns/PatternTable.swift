// SPDX-License-Identifier: Apache-2.0

/// Rules of `regexp:` and `pcre:`: the first that matches gives the value.
///
/// A match ends after some twenty milliseconds at the latest, and then is none.
final class PatternTable: Sendable {
  /// A reference, because a look-up goes from rule to rule and must not copy them.
  final class Rule: Sendable {
    let pattern: Pattern
    let isNegated: Bool
    let value: PatternValue
    /// Of the file; where the table stands in a setting, the number of the rule.
    let line: Int

    init(pattern: Pattern, isNegated: Bool, value: PatternValue, line: Int) {
      self.pattern = pattern
      self.isNegated = isNegated
      self.value = value
      self.line = line
    }
  }

  enum Step: Sendable {
    case rule(Rule)
    /// `if`: where the pattern does not match, the steps up to `end` are left out.
    case condition(Pattern, isNegated: Bool, end: Int, line: Int)
  }

  private let steps: ContiguousArray<Step>
  /// Of each step.
  private let gates: [Gate]
  private let filter: LiteralFilter?
  /// Of the rule whose value needs the most groups.
  private let groups: Int

  /// `isFiltered`: no is for tests, which compare.
  init(_ steps: [Step], isFiltered: Bool = true) {
    self.steps = ContiguousArray(steps)
    gates = steps.enumerated().map { Gate($1, at: $0) }
    filter = isFiltered ? LiteralFilter(steps.map(\.literals), isRule: steps.map(\.isRule)) : nil
    groups = steps.map { if case .rule(let rule) = $0 { rule.value.lastGroup } else { 0 } }.max() ?? 0
  }

  /// The number of rules.
  var count: Int { steps.count(where: \.isRule) }

  /// False where none of the rules can match any part of a text. It is looked at once, which is faster than line by line.
  func mayMatch(in text: UnsafeRawBufferPointer) -> Bool {
    guard let filter, !filter.hasOpenRules else { return !steps.isEmpty }
    return filter.mayBeIn(text)
  }

  /// Those of all rules, with `$1` for groups.
  var values: [String] { steps.compactMap { if case .rule(let rule) = $0 { rule.value.template } else { nil } } }

  func value(for key: String) -> String? {
    var key = key
    return key.withUTF8 { value(for: $0) }
  }

  func value(for subject: UnsafeBufferPointer<UInt8>) -> String? {
    match(subject, { _ in }) { rule, spans in rule.value.text(subject, spans) }
  }

  /// The value of the first rule that matches, byte by byte, and its line. `exhausted` is told the lines of rules that were given up on the way.
  @inline(__always)
  func answer(for subject: UnsafeBufferPointer<UInt8>, exhausted: (_ line: Int) -> Void = { _ in }) -> (value: [UInt8], line: Int)? {
    match(subject, exhausted) { rule, spans in (rule.value.bytes(subject, spans), rule.line) }
  }

  /// `body` is called with the first rule that matches, and the places of its groups.
  @inline(__always)
  private func match<Answer>(
    _ subject: UnsafeBufferPointer<UInt8>, _ exhausted: (Int) -> Void, _ body: (Rule, UnsafeBufferPointer<Int>) -> Answer
  ) -> Answer? {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * (groups + 1)) { spans in
      match(subject, spans: spans, exhausted).map { rule, used in body(rule, UnsafeBufferPointer(rebasing: spans[..<used])) }
    }
  }

  private func match(
    _ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>, _ exhausted: (Int) -> Void
  ) -> (rule: Rule, spans: Int)? {
    guard let filter else { return match(subject, spans: spans, exhausted) { $0 } }
    return filter.withSteps(subject) { bits in
      match(subject, spans: spans, exhausted) { LiteralFilter.next(bits, from: $0, count: steps.count) }
    }
  }

  /// `first`: the first step to look at, of those from one on.
  @inline(__always)
  private func match(
    _ subject: UnsafeBufferPointer<UInt8>, spans: UnsafeMutableBufferPointer<Int>, _ exhausted: (Int) -> Void, first: (Int) -> Int
  ) -> (rule: Rule, spans: Int)? {
    var index = first(0)
    if index >= steps.count { return nil }
    let letters = PatternHead.letters(of: subject)
    while index < steps.count {
      let admits = gates[index].head.admits(letters)
      // The most frequent case, without a look at the rule itself.
      if !admits, let next = gates[index].next {
        index = first(next)
        continue
      }
      let next: Int
      switch steps[index] {
      case .rule(let rule):
        let needed = rule.value.lastGroup == 0 ? 0 : 2 * (rule.value.lastGroup + 1)
        let outcome = admits ? rule.pattern.match(subject, spans: UnsafeMutableBufferPointer(rebasing: spans[..<needed])) : .none
        if outcome == .exhausted { exhausted(rule.line) }
        if outcome == (rule.isNegated ? .none : .found) { return (rule, needed) }
        next = index + 1
      case .condition(let pattern, let isNegated, let end, let line):
        let outcome = admits ? pattern.match(subject, spans: UnsafeMutableBufferPointer(start: nil, count: 0)) : .none
        if outcome == .exhausted { exhausted(line) }
        next = outcome == (isNegated ? .none : .found) ? index + 1 : end
      }
      index = first(next)
    }
    return nil
  }
}

extension PatternTable.Step {
  var isRule: Bool { if case .rule = self { true } else { false } }

  /// Without one of these in a text, this step is not looked at; nil for those that always are.
  fileprivate var literals: [[UInt8]]? {
    guard case .rule(let rule) = self, !rule.isNegated else { return nil }
    return rule.pattern.literals
  }
}

/// What is asked before a step itself is.
private struct Gate: Sendable {
  let head: PatternHead
  /// The step after one whose pattern does not match; nil where it is negated.
  let next: Int?

  init(_ step: PatternTable.Step, at index: Int) {
    switch step {
    case .rule(let rule):
      head = rule.pattern.head
      next = rule.isNegated ? nil : index + 1
    case .condition(let pattern, let isNegated, let end, _):
      head = pattern.head
      next = isNegated ? nil : end
    }
  }
}

/// What a rule answers: its text, with `$1`, `${1}` and `$(1)` standing for groups of the match and `$$` for a dollar.
struct PatternValue: Sendable {
  private enum Part: Sendable {
    case text([UInt8])
    case group(Int)
  }

  private let parts: [Part]
  private let literal: String?
  /// The greatest number of a group in it; 0 for none.
  let lastGroup: Int

  /// As it was written, nearly: groups as `$1`.
  var template: String {
    let bytes = parts.flatMap { part -> [UInt8] in
      switch part {
      case .text(let text): text
      case .group(let number): Array("$\(number)".utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What is wrong with a value, at an offset in it.
  struct Problem: Error {
    let range: Range<Int>
    let message: String
  }

  init(_ text: [UInt8]) throws(Problem) {
    var parts: [Part] = []
    var offset = 0
    while offset < text.count {
      let dollar = text[offset...].firstIndex(of: UInt8(ascii: "$")) ?? text.count
      if dollar > offset { parts.append(.text(Array(text[offset..<dollar]))) }
      offset = dollar
      if offset < text.count { offset = try Self.readReference(text, at: offset, into: &parts) }
    }
    self.parts = parts
    lastGroup = parts.map { if case .group(let number) = $0 { number } else { 0 } }.max() ?? 0
    literal =
      lastGroup > 0 ? nil : String(decoding: parts.flatMap { part -> [UInt8] in if case .text(let text) = part { text } else { [] } }, as: UTF8.self)
  }

  /// Answers the offset after it.
  private static func readReference(_ text: [UInt8], at dollar: Int, into parts: inout [Part]) throws(Problem) -> Int {
    let start = dollar + 1
    guard start < text.count else { throw Problem(range: dollar..<start, message: "a `$` at the end refers to nothing") }
    if text[start] == UInt8(ascii: "$") {
      parts.append(.text([UInt8(ascii: "$")]))
      return start + 1
    }
    let closing = [UInt8(ascii: "{"): UInt8(ascii: "}"), UInt8(ascii: "("): UInt8(ascii: ")")][text[start]]
    let nameStart = closing == nil ? start : start + 1
    let name = text[nameStart...].prefix { $0.isDigit || $0 == UInt8(ascii: "_") || (0x61...0x7a).contains($0 | 0x20) }
    var end = name.endIndex
    if let closing {
      guard end < text.count, text[end] == closing else { throw Problem(range: dollar..<end, message: "a group's number is written `$1` or `${1}`") }
      end += 1
    }
    guard !name.isEmpty, name.allSatisfy(\.isDigit), let number = Int(String(decoding: name, as: UTF8.self)), number > 0 else {
      throw Problem(range: dollar..<max(end, start), message: "only a number can follow a `$` here")
    }
    guard number <= Pattern.maximumGroups else { throw Problem(range: dollar..<end, message: "there are at most \(Pattern.maximumGroups) groups") }
    parts.append(.group(number))
    return end
  }

  /// `spans` are those of the match.
  func text(_ subject: UnsafeBufferPointer<UInt8>, _ spans: UnsafeBufferPointer<Int>) -> String {
    literal ?? String(decoding: bytes(subject, spans), as: UTF8.self)
  }

  func bytes(_ subject: UnsafeBufferPointer<UInt8>, _ spans: UnsafeBufferPointer<Int>) -> [UInt8] {
    var bytes: [UInt8] = []
    for part in parts {
      switch part {
      case .text(let text): bytes += text
      case .group(let number):
        guard 2 * number + 1 < spans.count else { continue }
        let (begin, end) = (spans[2 * number], spans[2 * number + 1])
        if begin >= 0, begin <= end, end <= subject.count { bytes += subject[begin..<end] }
      }
    }
    return bytes
  }
}

extension UInt8 {
  var isDigit: Bool { (0x30...0x39).contains(self) }
}
