// SPDX-License-Identifier: Apache-2.0

/// Reads `bounce_template_file`, bounce(5):
///
///     failure_template = <<EOF
///     Charset: us-ascii
///     From: MAILER-DAEMON (Mail Delivery System)
///     Subject: Undelivered Mail Returned to Sender
///     Postmaster-Subject: Postmaster Copy: Undelivered Mail
///
///     text with $name
///     EOF
package struct ReportTextFile {
  package struct Fault: Error, Equatable {
    /// From 1.
    package var line: Int
    package var text: String
    package var hint: String
  }

  private var lines: ArraySlice<Substring>
  private var number = 0

  /// Texts that the file does not have are the built-in ones.
  package static func read(_ file: String) throws(Fault) -> ReportTexts {
    var reader = ReportTextFile(lines: file.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }[...])
    var texts = ReportTexts()
    while let line = reader.next() {
      if line.hasPrefix("#") || line.allSatisfy(\.isWhitespace) { continue }
      try reader.readOne(line, into: &texts)
    }
    return texts
  }

  private init(lines: ArraySlice<Substring>) { self.lines = lines }

  private mutating func next() -> Substring? {
    number += 1
    return lines.popFirst()
  }

  private static let names = ["failure_template", "delay_template", "success_template", "verify_template"]

  private mutating func readOne(_ line: Substring, into texts: inout ReportTexts) throws(Fault) {
    let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(ReportTextFile.trimmed)
    guard parts.count == 2, ReportTextFile.names.contains(parts[0]) else {
      throw fault("`\(parts[0])` is no template", "the templates are \(ReportTextFile.names.joined(separator: ", "))")
    }
    guard parts[1].hasPrefix("<<"), parts[1].count > 2 else { throw fault("a template begins with `<<` and a word", "\(parts[0]) = <<EOF") }
    let text = try readText(until: String(parts[1].dropFirst(2)), ReportTextFile.fallback(parts[0]))
    switch parts[0] {
    case "failure_template": texts.failure = text
    case "delay_template": texts.delay = text
    case "success_template": texts.success = text
    default: texts.verify = text
    }
  }

  private static func fallback(_ name: String) -> ReportText {
    switch name {
    case "failure_template": .failure
    case "delay_template": .delay
    case "success_template": .success
    default: .verify
    }
  }

  private mutating func readText(until end: String, _ fallback: ReportText) throws(Fault) -> ReportText {
    let start = number
    var text = fallback
    text.body = ""
    var isInHeader = true
    while let line = next() {
      if line == end { return try checked(text, from: start) }
      if isInHeader, try readField(line, of: &text) { continue }
      isInHeader = false
      // The empty line between header and text belongs to neither.
      if text.body.isEmpty, line.isEmpty, !hasText { hasText = true } else { text.body += line + "\n" }
      hasText = true
    }
    number = start
    throw fault("this template has no end", "a line with nothing but \(end)")
  }

  /// Whether the template that is being read has come to its text.
  private var hasText = false

  private mutating func checked(_ text: ReportText, from start: Int) throws(Fault) -> ReportText {
    hasText = false
    if text.charset.lowercased() == "us-ascii", text.body.utf8.contains(where: { $0 >= 0x80 }) {
      number = start
      throw fault("the text is not ASCII", "Charset: utf-8")
    }
    return text
  }

  private func readField(_ line: Substring, of text: inout ReportText) throws(Fault) -> Bool {
    if line.isEmpty { return false }
    guard let colon = line.firstIndex(of: ":"), !line.hasPrefix(" ") else { return false }
    let value = ReportTextFile.trimmed(line[line.index(after: colon)...])
    guard value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { throw fault("a header of a template must be ASCII", "") }
    switch line[..<colon].lowercased() {
    case "charset": text.charset = value
    case "from": text.from = value
    case "subject": text.subject = value
    case "postmaster-subject": text.postmasterSubject = value
    default: return false
    }
    return true
  }

  private func fault(_ text: String, _ hint: String) -> Fault { Fault(line: number, text: text, hint: hint) }

  private static func trimmed(_ text: Substring) -> String {
    var text = text
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
