// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The text from which Postfix makes its indexed tables: `key value` on a line, lines that start with white space continue the one before,
/// comments and empty lines mean nothing.
struct LineTableReader {
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
    reader.readAll()
    return (reader.table, reader.diagnostics)
  }

  private mutating func readAll() {
    table.reserve(bytes: bytes.count, entries: 0)
    var entry: (offset: Int, bytes: [UInt8])?
    var offset = 0
    while offset < bytes.count {
      let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let line = bytes[offset..<end]
      if !line.isBlankOrComment {
        if line.startsWithBlank, entry != nil {
          entry?.bytes += line
        } else {
          if let entry { insert(entry.bytes, at: entry.offset) }
          entry = (offset, Array(line))
        }
      }
      offset = end + 1
    }
    if let entry { insert(entry.bytes, at: entry.offset) }
  }

  private mutating func insert(_ line: [UInt8], at offset: Int) {
    guard !line.contains(0) else { return report(.error, offset, "a NUL byte: this is no text file", hint: nil) }
    if line.startsWithBlank {
      return report(.error, offset, "the first entry starts with white space", hint: "such a line continues the one before it, and there is none")
    }
    let (key, rest) = split(line)
    let value = rest.trimmingBlanks
    if key.isEmpty || value.isEmpty {
      let hint =
        key.last == UInt8(ascii: ":") || value.isEmpty && key.contains(UInt8(ascii: ":")) ? "is this an alias file? its form is `key: value`" : nil
      return report(.error, offset, "a table line is `key value`; here is no value", hint: hint)
    }
    if key.last == UInt8(ascii: ":") {
      report(.warning, offset, "the key ends in a colon", hint: "is this an alias file? here the form is `key value`")
    }
    if !table.insert(key: Array(key).folded, value: Array(value)) {
      report(.warning, offset, "`\(String(decoding: key, as: UTF8.self))` is in this table already; the first one counts", hint: nil)
    }
  }

  /// A key with blanks stands in double quotes.
  private func split(_ line: [UInt8]) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
    if line.first == UInt8(ascii: "\""), let quote = line[1...].firstIndex(of: UInt8(ascii: "\"")) {
      let closesKey = quote + 1 == line.count || line[quote + 1].isBlank
      if closesKey { return (line[1..<quote], line[(quote + 1)...]) }
    }
    let end = line.firstIndex(where: \.isBlank) ?? line.count
    return (line[..<end], line[end...])
  }

  private mutating func report(_ severity: Diagnostic.Severity, _ offset: Int, _ message: String, hint: String?) {
    let location = SourceLocation(source, offset: offset)
    let length = source.lineRange(location.line - 1).upperBound - offset
    diagnostics.append(Diagnostic(severity, location, length: length, message, hint: hint))
  }
}

extension Collection<UInt8> {
  fileprivate var isBlankOrComment: Bool {
    guard let first = first(where: { !$0.isBlank }) else { return true }
    return first == UInt8(ascii: "#")
  }

  fileprivate var startsWithBlank: Bool { first?.isBlank ?? false }
}

extension ArraySlice<UInt8> {
  fileprivate var trimmingBlanks: ArraySlice<UInt8> {
    guard let first = firstIndex(where: { !$0.isBlank }), let last = lastIndex(where: { !$0.isBlank }) else { return [] }
    return self[first...last]
  }
}
