// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

/// Reads the rules of a `cidr:` table: `network value`, `!network value`, `if network`, `if !network`, `endif`.
struct NetworkTableReader {
  private let isLenient: Bool
  private var steps: [NetworkTable.Step] = []
  /// The rules since the last `!` or `if`.
  private var run: [(network: IPNetwork, value: Int)] = []
  private var values: [String] = []
  private var valueNumbers: [[UInt8]: Int] = [:]
  private var count = 0
  /// The conditions that no `endif` has closed yet, and their places among the steps, if they could be read.
  private var open: [(step: Int?, text: LocatedText)] = []
  private var diagnostics: [Diagnostic] = []

  static func read(_ lines: RuleLines, isLenient: Bool) -> (NetworkTable, [Diagnostic]) {
    var reader = NetworkTableReader(isLenient: isLenient)
    for rule in lines.rules { reader.read(rule) }
    for condition in reader.open { reader.report(.error(condition.text, "this `if` has no `endif`", hint: "add a line `endif` after its rules")) }
    reader.endRun()
    while !reader.open.isEmpty { reader.close() }
    return (NetworkTable(reader.steps, values: reader.values, count: reader.count), lines.diagnostics + reader.diagnostics)
  }

  private init(isLenient: Bool) { self.isLenient = isLenient }

  /// What makes Postfix leave out a rule is a warning in a lenient table.
  private mutating func report(_ found: Diagnostic) {
    diagnostics.append(Diagnostic(isLenient ? .warning : found.severity, found.location, length: found.length, found.message, hint: found.hint))
  }

  private mutating func read(_ line: LocatedText) {
    let end = line.bytes.firstIndex(where: \.isBlank) ?? line.count
    let (word, rest) = (line[..<end], line[end...].trimmed)
    switch end <= 5 ? word.text.lowercased() : "" {
    case "if": readCondition(line, rest)
    case "endif": readEnd(line, rest)
    default: readRule(word, rest)
    }
  }

  private mutating func readRule(_ word: LocatedText, _ value: LocatedText) {
    guard let (network, isNegated) = parse(word) else { return }
    if value.isEmpty { diagnostics.append(.warning(word, "this rule has no value: its answer is empty", hint: "network value")) }
    count += 1
    let number = number(ofValue: value)
    if isNegated {
      endRun()
      steps.append(.outside(network, value: number))
    } else {
      run.append((network, number))
    }
  }

  private mutating func number(ofValue value: LocatedText) -> Int {
    if let number = valueNumbers[value.bytes] { return number }
    values.append(value.text)
    valueNumbers[value.bytes] = values.count - 1
    return values.count - 1
  }

  private mutating func endRun() {
    if !run.isEmpty { steps.append(.networks(NetworkIntervals(run))) }
    run = []
  }

  private mutating func readCondition(_ line: LocatedText, _ rest: LocatedText) {
    let end = rest.bytes.firstIndex(where: \.isBlank) ?? rest.count
    if !rest[end...].trimmed.isEmpty {
      diagnostics.append(
        .warning(rest[end...].trimmed, "what follows the network of an `if` means nothing", hint: "its rules stand on lines of their own"))
    }
    guard let (network, isNegated) = parse(rest.isEmpty ? line : rest[..<end]) else { return open.append((nil, line)) }
    endRun()
    open.append((steps.count, line))
    steps.append(.condition(network, isNegated: isNegated, end: steps.count + 1))
  }

  private mutating func readEnd(_ line: LocatedText, _ rest: LocatedText) {
    if !rest.isEmpty { diagnostics.append(.warning(rest, "what follows `endif` means nothing")) }
    if open.isEmpty { return report(.error(line, "this `endif` has no `if`")) }
    endRun()
    close()
  }

  private mutating func close() {
    guard let step = open.popLast()?.step, case .condition(let network, let isNegated, _) = steps[step] else { return }
    steps[step] = .condition(network, isNegated: isNegated, end: steps.count)
  }

  private mutating func parse(_ word: LocatedText) -> (IPNetwork, isNegated: Bool)? {
    let marks = word.bytes.prefix { $0 == UInt8(ascii: "!") }.count
    switch NetworkText.parse(word[marks...]) {
    case .success(let network): return (network, marks % 2 == 1)
    case .failure(let found):
      report(found.diagnostic)
      return nil
    }
  }
}
