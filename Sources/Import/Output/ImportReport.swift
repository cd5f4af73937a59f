// SPDX-License-Identifier: Apache-2.0

/// What became of every line, as a text for a file and as a summary for a terminal.
package struct ImportReport: Sendable {
  package let ledger: Ledger
  private let request: ImportRequest

  init(_ ledger: Ledger, _ request: ImportRequest) {
    self.ledger = ledger
    self.request = request
  }

  /// True if something of the old configuration has no counterpart.
  package var hasRefusals: Bool { ledger.items.contains { $0.verdict == .refused } }

  /// report.txt
  package var text: String {
    let head = """
      The account of `weir import`: what became of every line.

      kept        means the same in weir.conf
      translated  stands there in other words, or is not needed, as the line below it says
      REFUSED     is not in weir.conf; the line below it says why, and what to do
      DANGEROUS   was so before as well; it is kept, translated or refused as the line says

      """
    return head + notes + ledger.inputs.map(section).joined()
  }

  private var notes: String {
    let lines = ledger.generalDangers.map { "DANGEROUS: \($0)" } + ledger.notes
    return lines.isEmpty ? "" : "\nWithout a line of their own\n" + lines.map { Self.wrapped($0, first: "  - ", next: "    ") }.joined()
  }

  private func section(_ input: InputFile) -> String {
    let items = ledger.items.filter { $0.path == input.path }.sorted {
      ($0.lines.lowerBound, $0.lines.upperBound) < ($1.lines.lowerBound, $1.lines.upperBound)
    }
    let body = items.map(Self.entry).joined()
    return "\n\(input.path), \(Importer.count(input.lineCount))\n" + (body.isEmpty ? "  (empty)\n" : body)
  }

  private static func entry(_ item: ReportItem) -> String {
    let lines = item.lines.count == 1 ? "\(item.lines.lowerBound)" : "\(item.lines.lowerBound)-\(item.lines.upperBound)"
    let word = item.dangers.isEmpty ? item.verdict == .refused ? "REFUSED" : item.verdict.rawValue : "DANGEROUS"
    let subject = item.subject.map { $0.replacing("\n", with: " ") } ?? "(comments and empty lines)"
    let first = padded(lines, 9, isRight: true) + "  " + padded(word, 11)
    var text = shortened(first + subject, 140) + "\n"
    for danger in item.dangers { text += wrapped("\(item.verdict.rawValue), but: \(danger)", first: margin, next: margin) }
    for note in item.notes { text += wrapped(note, first: margin, next: margin) }
    return text
  }

  private static let margin = String(repeating: " ", count: 24)

  static func padded(_ text: String, _ width: Int, isRight: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return isRight ? blanks + text : text + blanks
  }

  static func shortened(_ text: String, _ width: Int) -> String { text.count <= width ? text : text.prefix(width - 1) + "…" }

  /// Words on lines of at most 110 characters.
  static func wrapped(_ text: String, first: String, next: String) -> String {
    var lines: [String] = []
    var line = first
    var isEmpty = true
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !isEmpty, line.count + word.count + 1 > 110 {
        lines.append(line)
        line = next
        isEmpty = true
      }
      line += isEmpty ? String(word) : " " + word
      isEmpty = false
    }
    return (lines + [line]).map { $0 + "\n" }.joined()
  }
}
