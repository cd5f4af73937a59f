// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `inline:{ key=value, {key = value with blanks} }`
struct InlineTableReader {
  private var table = TextTable()
  private var diagnostics: [Diagnostic] = []

  static func read(_ reference: TableReference) -> (TextTable, [Diagnostic]) {
    var reader = InlineTableReader()
    if let body = reference.name.trimmed.group {
      reader.read(body, reference)
    } else {
      reader.diagnostics.append(.error(reference.name, "an `inline:` table is written in braces", hint: "inline:{ key = value }"))
    }
    return (reader.table, reader.diagnostics)
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
    } else if key.bytes.contains(0) || entry.bytes.contains(0) {
      diagnostics.append(.error(entry, "a NUL byte in a table entry"))
    } else if !table.insert(key: key.bytes, value: entry[(equals + 1)...].trimmed.bytes.map { $0 == UInt8(ascii: "\n") ? 0x20 : $0 }) {
      diagnostics.append(.warning(key, "`\(key.text)` is in this table already; the first one counts"))
    }
  }
}
