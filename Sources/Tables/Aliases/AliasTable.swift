// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// A file as aliases(5) has them: `name: target, target`, continued by lines that start with white space.
package struct AliasTable: Sendable {
  package struct Entry: Sendable {
    package let name: String
    package let value: String
    /// Counted from 1.
    package let line: Int
  }

  /// In their order.
  package let entries: [Entry]
  private let index: [String: Int]

  init(_ entries: [Entry]) {
    self.entries = entries
    index = Dictionary(entries.enumerated().map { ($1.name, $0) }) { first, _ in first }
  }

  /// Names are the same in upper and lower case.
  package subscript(name: String) -> Entry? { index[name.lowercased()].map { entries[$0] } }

  /// Reads the text of an alias file.
  package static func read(_ path: String, _ bytes: [UInt8]) -> (table: AliasTable, diagnostics: [Diagnostic]) {
    var reader = AliasReader(SourceText(name: path, bytes: bytes))
    return reader.read()
  }

  /// Whether the first entry is `name: value`, and not `key value`.
  static func isAliases(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { text in
      var lines = LogicalLines(text)
      guard let line = lines.next() else { return true }
      return AliasReader.colon(text[line.first].map { $0 }) != nil
    }
  }
}

/// Takes an alias file apart, and says what is wrong in it.
private struct AliasReader {
  private let source: SourceText
  private var entries: [AliasTable.Entry] = []
  private var lines: [String: Int] = [:]
  private var diagnostics: [Diagnostic] = []

  init(_ source: SourceText) { self.source = source }

  mutating func read() -> (table: AliasTable, diagnostics: [Diagnostic]) {
    source.bytes.withUnsafeBytes { text in
      if let nul = text.firstIndex(of: 0) { return report(.error, nul, nul + 1, "a NUL byte: this is no text file", hint: nil) }
      var logical = LogicalLines(text)
      while let line = logical.next(), diagnostics.count < TextTableReader.maximumDiagnostics {
        take(LogicalLines.joined(text, from: line.first.lowerBound), line.first)
      }
    }
    return (AliasTable(entries), diagnostics)
  }

  private mutating func take(_ text: [UInt8], _ place: Range<Int>) {
    if text.first?.isBlankByte == true {
      let hint = "such a line continues the one before it, and there is none"
      return report(.error, place.lowerBound, place.upperBound, "the first alias starts with white space", hint: hint)
    }
    guard let colon = Self.colon(text) else {
      let hint = "an alias is `name: somebody, somebody-else`"
      return report(.error, place.lowerBound, place.upperBound, "there is no colon after the name", hint: hint)
    }
    let name = Self.name(text[..<colon])
    if name.isEmpty { return report(.error, place.lowerBound, place.upperBound, "there is no name before the colon", hint: nil) }
    if name.contains("@") {
      let hint = "an alias is a name in mydestination; addresses with a domain go to virtual_alias_maps"
      report(.warning, place.lowerBound, place.upperBound, "`\(name)` is no name but an address: it is never looked up", hint: hint)
    }
    let value = String(decoding: text[(colon + 1)...], as: UTF8.self)
    if AliasTarget.list(value).isEmpty {
      return report(.error, place.lowerBound, place.upperBound, "the alias `\(name)` stands for nobody", hint: "\(name): root")
    }
    keep(name, value, place)
  }

  private mutating func keep(_ name: String, _ value: String, _ place: Range<Int>) {
    let line = source.lineIndex(at: place.lowerBound) + 1
    if let earlier = lines[name] {
      return report(.warning, place.lowerBound, place.upperBound, "`\(name)` is in line \(earlier) already; the first one counts", hint: nil)
    }
    lines[name] = line
    entries.append(AliasTable.Entry(name: name, value: value, line: line))
  }

  /// Outside of quotes.
  static func colon(_ text: [UInt8]) -> Int? {
    var isQuoted = false
    var offset = 0
    while offset < text.count {
      switch text[offset] {
      case UInt8(ascii: "\\"): offset += 1
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ":") where !isQuoted: return offset
      // Between name and colon there may be blanks, but no word.
      case 0x20, 0x09: if !isQuoted, let next = text[offset...].first(where: { !$0.isBlankByte }), next != UInt8(ascii: ":") { return nil }
      default: break
      }
      offset += 1
    }
    return nil
  }

  private static func name(_ text: ArraySlice<UInt8>) -> String {
    var name: [UInt8] = []
    var offset = text.startIndex
    while offset < text.endIndex {
      if text[offset] == UInt8(ascii: "\\"), offset + 1 < text.endIndex {
        offset += 1
      } else if text[offset] == UInt8(ascii: "\"") {
        offset += 1
        continue
      }
      name.append(text[offset])
      offset += 1
    }
    while name.last?.isBlankByte == true { name.removeLast() }
    return String(decoding: name, as: UTF8.self).lowercased()
  }

  private mutating func report(_ severity: Diagnostic.Severity, _ begin: Int, _ end: Int, _ message: String, hint: String?) {
    diagnostics.append(Diagnostic(severity, SourceLocation(source, offset: begin), length: max(1, end - begin), message, hint: hint))
  }
}
