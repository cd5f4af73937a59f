// SPDX-License-Identifier: Apache-2.0

/// What `weir import` prints: counts by file, what was refused, what is dangerous, and what to do next.
package struct ImportSummary {
  private let report: ImportReport
  private let folder: String
  private let isColored: Bool

  package init(_ report: ImportReport, folder: String, isColored: Bool) {
    self.report = report
    self.folder = folder
    self.isColored = isColored
  }

  /// More than these are in the report.
  private static let shownItems = 20

  package var text: String {
    counts + list("Dangerous, before as now", dangers, colour: 33) + list("Refused", refusals, colour: 31) + next
  }

  private static let pathWidth = 48

  /// The end of a path says more than its beginning.
  private static func shown(_ path: String) -> String { path.count <= pathWidth ? path : "…" + path.suffix(pathWidth - 1) }

  private var items: [ReportItem] { report.ledger.items }

  private var counts: String {
    let inputs = report.ledger.inputs
    let width = min(Self.pathWidth, inputs.map(\.path.count).max() ?? 10)
    let title = ImportReport.padded("", width + 2) + "  lines   kept  translated  refused  dangerous\n"
    let rows = inputs.map { input in
      let own = items.filter { $0.path == input.path }
      func lines(_ matching: (ReportItem) -> Bool) -> String {
        let numbers = own.filter(matching).reduce(into: Set<Int>()) { $0.formUnion($1.lines) }
        return numbers.isEmpty ? "-" : String(numbers.count)
      }
      let cells = [
        (String(input.lineCount), 7), (lines { $0.verdict == .kept }, 7), (lines { $0.verdict == .translated }, 12),
        (lines { $0.verdict == .refused }, 9), (lines { !$0.dangers.isEmpty }, 11),
      ]
      return "  " + ImportReport.padded(Self.shown(input.path), width) + cells.map { ImportReport.padded($0.0, $0.1, isRight: true) }.joined() + "\n"
    }
    return "\n" + dim(title) + rows.joined() + "\n"
  }

  private var dangers: [(place: String, subject: String, why: String)] {
    report.ledger.generalDangers.map { ("", "", $0) } + items.flatMap { item in item.dangers.map { (place(item), item.subject ?? "", $0) } }
  }

  private var refusals: [(place: String, subject: String, why: String)] {
    items.filter { $0.verdict == .refused && $0.subject != nil && !$0.isPart }.map { (place($0), $0.subject ?? "", $0.notes.joined(separator: "; ")) }
  }

  private func place(_ item: ReportItem) -> String {
    let name = item.path.split(separator: "/").last ?? ""
    return "\(name):\(item.lines.lowerBound)"
  }

  private func list(_ title: String, _ entries: [(place: String, subject: String, why: String)], colour: Int) -> String {
    guard !entries.isEmpty else { return "" }
    var text = coloured("\(title): \(entries.count)", colour) + "\n"
    for (index, entry) in entries.prefix(Self.shownItems).enumerated() {
      let subject = entry.subject.replacing("\n", with: " ")
      if !entry.place.isEmpty { text += "  " + ImportReport.shortened("\(entry.place)  \(subject)", 100) + "\n" }
      // What several lines in a row have in common is said below the last of them.
      if index + 1 < min(entries.count, Self.shownItems), !entry.place.isEmpty, entries[index + 1].why == entry.why { continue }
      text += dim(ImportReport.wrapped(entry.why, first: "      ", next: "      "))
    }
    if entries.count > Self.shownItems { text += "  … and \(entries.count - Self.shownItems) more in the report\n" }
    return text + "\n"
  }

  private var next: String {
    let refused =
      report.hasRefusals ? "Not everything could be taken over; the report says what to do about each line.\n" : "Everything was taken over.\n"
    return refused + """
      Written below \(folder): weir.conf, report.txt\(report.ledger.items.contains { $0.notes.contains { $0.hasPrefix("copied to") } } ? ", tables/" : "")

        less \(folder)/report.txt
        weir check --config \(folder)/weir.conf

      """
  }

  private func coloured(_ text: String, _ code: Int) -> String { isColored ? "\u{1b}[1;\(code)m\(text)\u{1b}[0m" : text }
  private func dim(_ text: String) -> String { isColored ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
}
