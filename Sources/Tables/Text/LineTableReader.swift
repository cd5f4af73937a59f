// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The text from which Postfix makes its indexed tables: `key value` on a line, lines that start with white space continue the one before,
/// comments and empty lines mean nothing.
struct LineTableReader {
  private typealias Bytes = UnsafeBufferPointer<UInt8>

  private let name: String
  private let bytes: [UInt8]
  private var table = TextTable()
  private var diagnostics: [Diagnostic] = []
  /// Made when the first line is wrong: a table of a million lines has no need of it else.
  private lazy var source = SourceText(name: name, bytes: bytes)

  private init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  static func read(name: String, bytes: [UInt8]) -> (TextTable, [Diagnostic]) {
    var reader = LineTableReader(name: name, bytes: bytes)
    bytes.withUnsafeBufferPointer { reader.readAll($0) }
    return (reader.table, reader.diagnostics)
  }

  private mutating func readAll(_ text: Bytes) {
    if let offset = text.firstIndex(of: 0) { return report(.error, offset, "a NUL byte: this is no text file", hint: nil) }
    table.reserve(bytes: text.count, entries: text.count { $0 == UInt8(ascii: "\n") })
    var entry: Range<Int>?
    /// The whole entry, if lines continue its first one.
    var joined: [UInt8] = []
    var offset = 0
    while offset < text.count {
      let end = text[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      let line = offset..<end
      offset = end + 1
      guard let first = text[line].first(where: { !$0.isBlank }), first != UInt8(ascii: "#") else { continue }
      if text[line.lowerBound].isBlank, let begun = entry {
        if joined.isEmpty { joined = Array(text[begun]) }
        joined += text[line]
        continue
      }
      if let entry { finish(text, entry, &joined) }
      entry = line
    }
    if let entry { finish(text, entry, &joined) }
  }

  private mutating func finish(_ text: Bytes, _ entry: Range<Int>, _ joined: inout [UInt8]) {
    if joined.isEmpty { return insert(Bytes(rebasing: text[entry]), at: entry.lowerBound) }
    joined.withUnsafeBufferPointer { insert($0, at: entry.lowerBound) }
    joined = []
  }

  private mutating func insert(_ line: Bytes, at offset: Int) {
    if line.first?.isBlank ?? true {
      return report(.error, offset, "the first entry starts with white space", hint: "such a line continues the one before it, and there is none")
    }
    let (key, value) = Self.split(line)
    if key.isEmpty || value.isEmpty { return reportNoValue(key, offset) }
    if key.last == UInt8(ascii: ":") {
      report(.warning, offset, "the key ends in a colon", hint: "is this an alias file? here the form is `key value`")
    }
    if !table.insert(key: key, value: value) {
      report(.warning, offset, "`\(String(decoding: key, as: UTF8.self))` is in this table already; the first one counts", hint: nil)
    }
  }

  /// A key with blanks stands in double quotes.
  private static func split(_ line: Bytes) -> (key: Bytes, value: Bytes) {
    if line.first == UInt8(ascii: "\""), let quote = line[1...].firstIndex(of: UInt8(ascii: "\"")) {
      let closesKey = quote + 1 == line.count || line[quote + 1].isBlank
      if closesKey { return (Bytes(rebasing: line[1..<quote]), trimmed(line, from: quote + 1)) }
    }
    let end = line.firstIndex(where: \.isBlank) ?? line.count
    return (Bytes(rebasing: line[..<end]), trimmed(line, from: end))
  }

  private static func trimmed(_ line: Bytes, from start: Int) -> Bytes {
    var begin = start
    var end = line.count
    while begin < end, line[begin].isBlank { begin += 1 }
    while end > begin, line[end - 1].isBlank { end -= 1 }
    return Bytes(rebasing: line[begin..<end])
  }

  private mutating func reportNoValue(_ key: Bytes, _ offset: Int) {
    let hint = key.contains(UInt8(ascii: ":")) ? "is this an alias file? its form is `key: value`" : nil
    report(.error, offset, "a table line is `key value`; here is no value", hint: hint)
  }

  private mutating func report(_ severity: Diagnostic.Severity, _ offset: Int, _ message: String, hint: String?) {
    let location = SourceLocation(source, offset: offset)
    let length = source.lineRange(location.line - 1).upperBound - offset
    diagnostics.append(Diagnostic(severity, location, length: length, message, hint: hint))
  }
}
