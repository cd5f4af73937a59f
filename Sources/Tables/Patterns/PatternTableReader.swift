// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Reads the rules of `regexp:` and `pcre:` tables: `/pattern/flags value`, `!/pattern/flags value`, `if /pattern/flags`, `if !/pattern/flags`, `endif`.
///
/// Where Postfix would leave out a rule with a warning, the rule is an error here: a filter with a hole lets through what it was made for. A table that is
/// named with `lenient:` before its type is read as Postfix reads it.
struct PatternTableReader {
  private let advice: PatternAdvice
  private let isLenient: Bool
  private let takesGroups: Bool
  private let checks: ValueCheck?
  private let isInline: Bool
  private var steps: [PatternTable.Step] = []
  /// The conditions that no `endif` has closed yet, and their places among the steps, if they could be read.
  private var open: [(step: Int?, text: LocatedText)] = []
  private var diagnostics: [Diagnostic] = []
  private var ruleNumber = 0

  static func read(_ lines: RuleLines, _ engine: PatternEngine, isLenient: Bool, takesGroups: Bool = true, checks: ValueCheck? = nil) -> (
    PatternTable, [Diagnostic]
  ) {
    var reader = PatternTableReader(
      advice: PatternAdvice(engine: engine), isLenient: isLenient, takesGroups: takesGroups, checks: checks, isInline: lines.isInline)
    for rule in lines.rules { reader.read(rule) }
    for condition in reader.open { reader.report(.error(condition.text, "this `if` has no `endif`", hint: "add a line `endif` after its rules")) }
    reader.closeAll()
    return (PatternTable(reader.steps), lines.diagnostics + reader.diagnostics)
  }

  private init(advice: PatternAdvice, isLenient: Bool, takesGroups: Bool, checks: ValueCheck?, isInline: Bool) {
    self.advice = advice
    self.isLenient = isLenient
    self.takesGroups = takesGroups
    self.checks = checks
    self.isInline = isInline
  }

  /// What makes Postfix leave out a rule is a warning in a lenient table.
  private mutating func report(_ found: Diagnostic) {
    diagnostics.append(Diagnostic(isLenient ? .warning : found.severity, found.location, length: found.length, found.message, hint: found.hint))
  }

  private mutating func read(_ line: LocatedText) {
    ruleNumber += 1
    let word = String(decoding: line.bytes.prefix(while: \.isLetterOrDigit), as: UTF8.self).lowercased()
    switch word {
    case "": readRule(line)
    case "if": readCondition(line, line[2...])
    case "endif": readEnd(line)
    default: report(advice.noRule(line))
    }
  }

  private mutating func readRule(_ line: LocatedText) {
    guard let (delimited, rest) = delimited(line) else { return }
    if rest.bytes.first == UInt8(ascii: "!") { return report(advice.secondPattern(rest)) }
    guard let pattern = compile(delimited, line), let value = value(rest.trimmed, delimited, pattern) else { return }
    if !delimited.isNegated, let trouble = advice.matchesEverything(pattern, delimited, line, number: ruleNumber) { report(trouble) }
    if let checks {
      checks(rest.trimmed, true).forEach { report($0) }
    } else if rest.trimmed.isEmpty {
      diagnostics.append(.warning(line, "this rule has no value: its answer is empty", hint: "/pattern/ value"))
    }
    if let note = advice.noteInValue(rest.trimmed) { diagnostics.append(note) }
    let place = isInline ? ruleNumber : line.start.line
    steps.append(.rule(PatternTable.Rule(pattern: pattern, isNegated: delimited.isNegated, value: value, line: place)))
  }

  private mutating func readCondition(_ line: LocatedText, _ text: LocatedText) {
    guard let (delimited, rest) = delimited(text.trimmed), let pattern = compile(delimited, line) else {
      // As in Postfix its rules are read as if it were not there, and its `endif` means nothing.
      return open.append((nil, line))
    }
    if !rest.trimmed.isEmpty {
      diagnostics.append(.warning(rest.trimmed, "what follows the pattern of an `if` means nothing", hint: "its rules stand on lines of their own"))
    }
    open.append((steps.count, line))
    let place = isInline ? ruleNumber : line.start.line
    steps.append(.condition(pattern, isNegated: delimited.isNegated, end: steps.count + 1, line: place))
  }

  private mutating func readEnd(_ line: LocatedText) {
    let rest = line[5...].trimmed
    if !rest.isEmpty { diagnostics.append(.warning(rest, "what follows `endif` means nothing")) }
    if open.isEmpty { return report(.error(line, "this `endif` has no `if`")) }
    close()
  }

  private mutating func closeAll() { while !open.isEmpty { close() } }

  private mutating func close() {
    guard let step = open.popLast()?.step, case .condition(let pattern, let isNegated, _, let line) = steps[step] else { return }
    steps[step] = .condition(pattern, isNegated: isNegated, end: steps.count, line: line)
  }

  private mutating func delimited(_ text: LocatedText) -> (DelimitedPattern, rest: LocatedText)? {
    switch DelimitedPattern.split(text) {
    case .success(let parts): return parts
    case .failure(let slip):
      report(advice.slip(slip, text))
      return nil
    }
  }

  private mutating func compile(_ delimited: DelimitedPattern, _ line: LocatedText) -> Pattern? {
    var flags = advice.engine.defaultFlags
    for (offset, flag) in delimited.flags.bytes.enumerated() {
      guard let bit = advice.engine.flags[flag] else {
        report(advice.unknownFlag(delimited, at: offset))
        return nil
      }
      if bit == 0 { diagnostics.append(.warning(delimited.flags[offset..<(offset + 1)], "the flag `X` means nothing any more")) }
      flags ^= bit
    }
    switch advice.engine.compile(delimited.pattern.bytes, flags: flags) {
    case .success(let pattern): return pattern
    case .failure(let problem):
      report(advice.doesNotCompile(problem, delimited, flags, line))
      return nil
    }
  }

  private mutating func value(_ text: LocatedText, _ delimited: DelimitedPattern, _ pattern: Pattern) -> PatternValue? {
    do throws(PatternValue.Problem) {
      let value = try PatternValue(text.bytes)
      if value.lastGroup > 0, !takesGroups {
        report(.error(text, "no part of an address can be put into this table's answers", hint: "write what `$\(value.lastGroup)` stands for"))
      } else if value.lastGroup > 0, delimited.isNegated {
        report(.error(text, "a rule with `!` has no groups to put in its value", hint: "write `$$` for a `$`"))
      } else if value.lastGroup > pattern.groups {
        report(
          .error(
            text, "`$\(value.lastGroup)`: this pattern has \(pattern.groups == 0 ? "no groups" : "only \(pattern.groups)")",
            hint: "a group is what stands in parentheses; write `$$` for a `$`"))
      } else {
        return value
      }
    } catch {
      report(.error(text[error.range], error.message, hint: "write `$$` for a `$`"))
    }
    return nil
  }
}

extension UInt8 {
  var isLetterOrDigit: Bool { isDigit || (0x61...0x7a).contains(self | 0x20) }
}
