// SPDX-License-Identifier: Apache-2.0
import CBytes
import Diagnostics

/// The text from which Postfix makes its indexed tables: `key value` on a line.
struct TextTableReader {
  private typealias Bytes = UnsafeRawBufferPointer

  /// What more there is to say about one table is only counted.
  static let maximumDiagnostics = 100

  private let name: String
  private var diagnostics: [Diagnostic] = []
  private var untold = 0
  /// Line feeds before this offset, as far as counted.
  private var counted = (offset: 0, lines: 0)

  /// A process that was given an index with the file has nothing to read: all was said when it was made.
  static func read(_ path: String, _ contents: FileContents, _ files: any FileSource) -> (TextTable, [Diagnostic]) {
    if let given = files.index(of: path), let index = TextIndex(given, textLength: contents.count) { return (TextTable(contents, .lines, index), []) }
    var reader = TextTableReader(name: path)
    let index = contents.withBytes { text in
      let lines = text.baseAddress.map { cbytes_count($0, text.count, 0x0a) } ?? 0
      return TextIndex(capacity: lines + 1, textLength: text.count) { reader.readAll(text, &$0) }
    }
    return (TextTable(contents, .lines, reader.diagnostics.hasErrors ? index : index.kept(by: files, of: path)), reader.diagnostics)
  }

  private init(name: String) { self.name = name }

  private mutating func readAll(_ text: Bytes, _ slots: inout TextSlots) {
    guard let base = text.baseAddress, !text.isEmpty else { return }
    if let nul = memchr(base, 0, text.count) {
      return report(text, .error, base.distance(to: UnsafeRawPointer(nul)), "a NUL byte: this is no text file", hint: nil)
    }
    var lines = LogicalLines(text)
    while let line = lines.next() { insert(text, line, &slots) }
    if untold > 0 { diagnostics.append(.warning(nil, "\(name): \(untold) more of the same kind")) }
  }

  private mutating func insert(_ text: Bytes, _ line: LogicalLines.Line, _ slots: inout TextSlots) {
    let begin = line.first.lowerBound
    if text[begin].isBlankByte {
      let hint = "such a line continues the one before it, and there is none"
      return report(text, .error, begin, "the first entry starts with white space", hint: hint)
    }
    let entry = TextTable.split(text, line.first)
    if entry.key.isEmpty || (entry.value.isEmpty && !line.isContinued) { return reportNoValue(text, entry, begin) }
    if text[entry.key.upperBound - 1] == UInt8(ascii: ":") {
      report(text, .warning, begin, "the key ends in a colon", hint: "is this an alias file? here the form is `key value`")
    }
    if !slots.insert(text, key: entry.key, line: begin, isContinued: line.isContinued, .lines) {
      let key = String(decoding: text[entry.key], as: UTF8.self)
      report(text, .warning, begin, "`\(key)` is in this table already; the first one counts", hint: nil)
    }
  }

  private mutating func reportNoValue(_ text: Bytes, _ entry: TextTable.Entry, _ begin: Int) {
    let hint = text[entry.key].contains(UInt8(ascii: ":")) ? "is this an alias file? its form is `key: value`" : nil
    report(text, .error, begin, "a table line is `key value`; here is no value", hint: hint)
  }

  /// With an excerpt of the text as its source: nothing that is said keeps a whole table alive.
  private mutating func report(_ text: Bytes, _ severity: Diagnostic.Severity, _ offset: Int, _ message: String, hint: String?) {
    if diagnostics.count >= Self.maximumDiagnostics, severity == .warning || diagnostics.hasErrors {
      untold += 1
      return
    }
    let begin = text[..<offset].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    let end = LogicalLines.endOfLine(text, from: offset)
    let source = SourceText(name: name, bytes: Array(text[begin..<end]), firstLine: lineNumber(text, begin))
    diagnostics.append(Diagnostic(severity, SourceLocation(source, offset: offset - begin), length: end - offset, message, hint: hint))
  }

  private mutating func lineNumber(_ text: Bytes, _ offset: Int) -> Int {
    if let base = text.baseAddress, offset > counted.offset {
      counted = (offset, counted.lines + cbytes_count(base + counted.offset, offset - counted.offset, 0x0a))
    }
    return counted.lines
  }
}
