// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `inline:{ key=value, {key = value with blanks} }`
struct InlineTableReader {
  /// The entries as `TextTable.Form.packed`.
  private var text: [UInt8] = []
  private var keys: [(range: Range<Int>, place: LocatedText)] = []
  private var diagnostics: [Diagnostic] = []

  static func read(_ reference: TableReference) -> (TextTable, [Diagnostic]) {
    var reader = InlineTableReader()
    if let body = reference.name.trimmed.group {
      reader.read(body, reference)
    } else {
      reader.diagnostics.append(.error(reference.name, "an `inline:` table is written in braces", hint: "inline:{ key = value }"))
    }
    return (reader.table(), reader.diagnostics)
  }

  /// `hash:{ {key value}, {key value} }`, as Postfix has it since 3.7.
  static func readLines(_ reference: TableReference) -> (TextTable, [Diagnostic]) {
    let lines = RuleLines(inline: reference.name)
    var reader = InlineTableReader(diagnostics: lines.diagnostics)
    for line in lines.rules { reader.insertLine(line) }
    return (reader.table(), reader.diagnostics)
  }

  private init(diagnostics: [Diagnostic] = []) { self.diagnostics = diagnostics }

  private mutating func table() -> TextTable {
    let contents = FileContents(text)
    let index = TextIndex(capacity: keys.count, textLength: contents.count) { slots in
      contents.withBytes { text in
        for key in keys where !slots.insert(text, key: key.range, line: key.range.lowerBound, isContinued: false, .packed) {
          diagnostics.append(.warning(key.place, "`\(key.place.text)` is in this table already; the first one counts"))
        }
      }
    }
    return TextTable(contents, .packed, index)
  }

  private mutating func read(_ body: LocatedText, _ reference: TableReference) {
    let elements = Self.elements(body)
    if elements.isEmpty { diagnostics.append(.error(reference.name, "this table is empty", hint: "inline:{ key = value }")) }
    for element in elements { insert(element) }
  }

  /// Blanks separate elements as commas do, but not around a `=`: people write `key = value` without braces too.
  private static func elements(_ body: LocatedText) -> [LocatedText] {
    let equals = UInt8(ascii: "=")
    return body.elements { $0 == UInt8(ascii: ",") }.flatMap { part in
      let words = part.elements()
      let isOneEntry = words.count > 1 && (words[0].bytes.last == equals || words[1].bytes.first == equals)
      return isOneEntry ? [part.trimmed] : words
    }
  }

  private mutating func insert(_ element: LocatedText) {
    let entry = element.group ?? element
    guard let equals = entry.bytes.firstIndex(of: UInt8(ascii: "=")) else {
      return diagnostics.append(.error(entry, "missing `=` in the table entry `\(entry.text)`", hint: "key = value"))
    }
    let key = entry[..<equals].trimmed
    if key.isEmpty {
      diagnostics.append(.error(entry, "a table entry needs a key before the `=`"))
    } else {
      append(key, entry[(equals + 1)...].trimmed)
    }
  }

  private mutating func insertLine(_ line: LocatedText) {
    let (key, value) = line.bytes.withUnsafeBytes { bytes in
      let entry = TextTable.split(bytes, 0..<bytes.count)
      return (line[entry.key], line[entry.value])
    }
    if key.isEmpty || value.isEmpty {
      diagnostics.append(.error(line, "a table line is `key value`; here is no value"))
    } else {
      append(key, value)
    }
  }

  private mutating func append(_ key: LocatedText, _ value: LocatedText) {
    if key.bytes.contains(0) || value.bytes.contains(0) { return diagnostics.append(.error(key, "a NUL byte in a table entry")) }
    let begin = text.count
    text += key.bytes.map { $0 == UInt8(ascii: "\n") ? 0x20 : $0 }
    keys.append((begin..<text.count, key))
    text.append(0)
    text += value.bytes.map { $0 == UInt8(ascii: "\n") ? 0x20 : $0 }
    text.append(UInt8(ascii: "\n"))
  }
}
