// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The tables of header_checks, mime_header_checks, nested_header_checks or body_checks. The first that has an answer for a line gives the action.
package struct ContentChecks: Sendable {
  package let subject: CheckAction.Subject
  private let tables: [Source]

  private init(_ subject: CheckAction.Subject, _ tables: [Source]) {
    self.subject = subject
    self.tables = tables
    failing = tables.first(where: \.isFailing)?.name
  }

  package static func none(_ subject: CheckAction.Subject) -> ContentChecks { ContentChecks(subject, []) }

  package var isEmpty: Bool { tables.isEmpty }

  /// The name of a table that has no answer for now: no line may pass by it.
  package let failing: String?

  /// A reference, because most lines match nothing, and to find that out must cost little.
  private final class Source: Sendable {
    private let table: Table
    private let patterns: PatternTable?

    var isFailing: Bool { table.isFailing }
    let name: String
    /// Before the number of a rule that is in no file.
    private let setting: String

    init(_ table: Table, _ name: String, of setting: String) {
      self.table = table
      self.name = name
      self.setting = setting
      patterns = table.patterns
    }

    private func place(_ line: Int) -> String { table.path == nil ? "\(setting) rule \(line)" : table.place(line) }

    func mayMatch(in text: UnsafeRawBufferPointer) -> Bool { patterns?.mayMatch(in: text) ?? true }

    @inline(__always)
    func answer(for line: UnsafeBufferPointer<UInt8>, _ exhausted: inout [String]) -> (value: [UInt8], place: String)? {
      guard let patterns else { return table.answer(for: line).map { ($0.value, table.path == nil ? "\(setting) \($0.place)" : $0.place) } }
      guard let found = patterns.answer(for: line, exhausted: { exhausted.append(place($0)) }) else { return nil }
      return (found.value, place(found.line))
    }
  }

  /// What a rule says about a line.
  package struct Match: Sendable {
    /// What stands right of the pattern, put together with its groups.
    package let value: [UInt8]
    /// The file and line of the rule; of one in a setting, its name and the rule's number, with that of the table if there are several.
    package let rule: String
    private let subject: CheckAction.Subject

    fileprivate init(_ value: [UInt8], _ rule: String, _ subject: CheckAction.Subject) {
      self.value = value
      self.rule = rule
      self.subject = subject
    }

    /// Throws if the text that a pattern put together is no action, or the table was read as lenient.
    package var action: CheckAction {
      get throws(CheckProblem) { try CheckActionReader.read(value, for: subject) }
    }
  }

  /// `list`: references as the setting has them. With an error among the diagnostics the checks are what could be read.
  package static func read(_ list: LocatedText, _ subject: CheckAction.Subject, files: any FileSource) -> (ContentChecks, [Diagnostic]) {
    var (tables, diagnostics): ([Source], [Diagnostic]) = ([], [])
    let (elements, name) = (list.elements(), list.start.source.name)
    for (index, element) in elements.enumerated() {
      guard let reference = TableReference(element) else {
        diagnostics.append(.error(element, "expected a table, not `\(element.text)`", hint: "such as `regexp:/etc/postfix/header_checks`"))
        continue
      }
      let (table, found) = read(reference, subject, files: files)
      let setting = elements.count == 1 ? name : "\(name) table \(index + 1)"
      if let table { tables.append(Source(table, reference.description, of: setting)) }
      diagnostics += found
    }
    return (ContentChecks(subject, tables), diagnostics)
  }

  package static func read(_ reference: TableReference, _ subject: CheckAction.Subject, files: any FileSource) -> (Table?, [Diagnostic]) {
    Table.read(reference, files: files) { value, isTemplate in
      guard let problem = problem(in: value, isTemplate: isTemplate, subject) else { return [] }
      let place = problem.range.isEmpty ? value : value[problem.range]
      let severity: Diagnostic.Severity = reference.isLenient ? .warning : .error
      return [Diagnostic(severity, place.start, length: max(1, place.count), problem.message, hint: problem.hint)]
    }
  }

  /// What groups of a pattern put into an action is known only when it matches.
  private static func problem(in value: LocatedText, isTemplate: Bool, _ subject: CheckAction.Subject) -> CheckProblem? {
    let bytes = value.bytes
    if isTemplate, bytes.prefix(while: { $0 != 0x20 && $0 != 0x09 }).contains(UInt8(ascii: "$")) { return nil }
    do throws(CheckProblem) {
      _ = try CheckActionReader(bytes, subject).read()
      return nil
    } catch {
      return isTemplate && bytes[error.range].contains(UInt8(ascii: "$")) ? nil : error
    }
  }

  /// False where no rule can match any line of a text. It is looked at once, which is much faster than line by line.
  package func mayMatch(in text: UnsafeRawBufferPointer) -> Bool { tables.contains { $0.mayMatch(in: text) } }

  /// The line as Postfix's cleanup(8) has it: without its line end, the lines of a folded field apart by LF.
  package func match(_ line: UnsafeBufferPointer<UInt8>) -> Match? {
    var exhausted: [String] = []
    return match(line, exhausted: &exhausted)
  }

  /// `exhausted` gets the places of rules that took too long and were given up for this line.
  package func match(_ line: UnsafeBufferPointer<UInt8>, exhausted: inout [String]) -> Match? {
    // As in Postfix, which asks no table for an empty line.
    if line.isEmpty { return nil }
    for source in tables {
      if let (value, place) = source.answer(for: line, &exhausted) { return Match(value, place, subject) }
    }
    return nil
  }

  /// A header field, as `LogicalHeader` puts it together.
  package func match(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, isTight: Bool = false, limit: Int) -> Match? {
    var found: Match?
    LogicalHeader.with(name, value, isTight: isTight, limit: limit) { found = match($0) }
    return found
  }
}
