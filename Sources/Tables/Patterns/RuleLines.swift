// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The rules of a table of patterns or networks, each with its place: lines of a file, or what is in `{ {rule} {rule} }`.
struct RuleLines {
  private(set) var rules: [LocatedText] = []
  private(set) var diagnostics: [Diagnostic] = []
  /// Whether they stand in a setting.
  let isInline: Bool

  /// Lines that start with white space continue the one before; comments and empty lines mean nothing.
  init(_ source: SourceText, isLenient: Bool) {
    isInline = false
    if let offset = source.bytes.firstIndex(of: 0) {
      diagnostics.append(.error(SourceLocation(source, offset: offset), "a NUL byte: this is no text file"))
      return
    }
    // As Postfix, which makes one line of a file whose first line starts with white space, and then no rule of it.
    var isLost = false
    for index in 0..<source.lineCount {
      let line = LocatedText(source, source.lineRange(index))
      guard let first = line.bytes.first(where: { !$0.isBlank }), first != UInt8(ascii: "#") else { continue }
      if line.bytes.first?.isBlank == false {
        rules.append(line)
        isLost = false
      } else if isLost || rules.isEmpty {
        if !isLost { reportLost(line, isLenient) }
        isLost = true
      } else {
        rules[rules.count - 1].append(line)
      }
    }
    rules = rules.map(\.trimmed)
  }

  /// `name` is the part after the type of the table.
  init(inline name: LocatedText) {
    isInline = true
    guard let body = name.trimmed.group, !body.isEmpty else {
      diagnostics.append(.error(name, "this table is empty", hint: "a rule in braces, in the braces of the table: { {rule} {rule} }"))
      return
    }
    for element in body.elements() {
      if let rule = element.group {
        rules.append(rule)
      } else {
        diagnostics.append(.error(element, "a rule of a table in braces stands in braces of its own", hint: "{ {rule} {rule} }"))
      }
    }
  }

  private mutating func reportLost(_ line: LocatedText, _ isLenient: Bool) {
    let severity: Diagnostic.Severity = isLenient ? .warning : .error
    diagnostics.append(
      Diagnostic(
        severity, line.trimmed.start, length: line.trimmed.count, "the first rule starts with white space",
        hint: "such a line continues the one before it, and there is none: let rules start at the left margin"))
  }
}
