// SPDX-License-Identifier: Apache-2.0

/// How diagnostics are written for people:
///
///     weir.conf:3:1: error: unknown setting `home_directory`
///       home_directory = Maildir/
///       ^~~~~~~~~~~~~~
///       hint: did you mean `home_mailbox`?
package struct DiagnosticText {
  /// A longer source line is shown in part, around the place that is meant.
  package static let maximumWidth = 150

  private let isColored: Bool

  package init(isColored: Bool = false) { self.isColored = isColored }

  package func render(_ diagnostics: some Sequence<Diagnostic>) -> String {
    diagnostics.map(render).joined()
  }

  /// Ends in a line feed.
  package func render(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map { "\(visible($0.source.name)):\($0.line):\($0.column): " } ?? ""
    var lines = [bold(place) + severity(diagnostic.severity) + bold(visible(diagnostic.message))]
    lines += diagnostic.location.map { excerpt($0, length: diagnostic.length) } ?? []
    if let hint = diagnostic.hint { lines.append("  hint: " + visible(hint)) }
    return lines.map { $0 + "\n" }.joined()
  }

  private func severity(_ severity: Diagnostic.Severity) -> String {
    guard isColored else { return "\(severity.rawValue): " }
    return "\u{1b}[1;\(severity == .error ? 31 : 35)m\(severity.rawValue):\u{1b}[0m "
  }

  private func bold(_ text: String) -> String { isColored ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

  private func excerpt(_ location: SourceLocation, length: Int) -> [String] {
    let range = location.source.lineRange(location.line - 1)
    let scalars = Array(String(decoding: location.source.bytes[range], as: UTF8.self).unicodeScalars)
    let column = min(location.column - 1, scalars.count)
    let meant = String(decoding: location.source.bytes[min(location.offset, range.upperBound)..<end(location, length, range)], as: UTF8.self)
    let first = column > Self.maximumWidth * 2 / 3 ? column - Self.maximumWidth / 3 : 0
    let shown = scalars[first..<min(scalars.count, first + Self.maximumWidth)]
    let underlined = min(max(1, meant.unicodeScalars.count), max(1, shown.endIndex - column))
    // Tabs stay tabs on both lines, so that the caret stands below its character whatever the terminal's tab width.
    let margin = String(String.UnicodeScalarView(shown[first..<column].map { $0 == "\t" ? "\t" : " " }))
    let caret = "^" + String(repeating: "~", count: underlined - 1)
    return ["  " + visible(String(String.UnicodeScalarView(shown))), "  " + margin + (isColored ? "\u{1b}[32m\(caret)\u{1b}[0m" : caret)]
  }

  private func end(_ location: SourceLocation, _ length: Int, _ range: Range<Int>) -> Int {
    let offset = min(location.offset, range.upperBound)
    return offset + min(max(0, length), range.upperBound - offset)
  }

  /// Control characters come from files and must not reach a terminal.
  private func visible(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: Self.isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { Self.isControl($0) ? "\u{fffd}" : $0 }))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    (scalar.value < 0x20 && scalar != "\t") || (0x7f...0x9f).contains(scalar.value)
  }
}
