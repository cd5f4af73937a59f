// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `unionmap:{type:name, ...}`: the answers of all tables, with commas between. `pipemap:{type:name, ...}`: the answer of each is the key for the next.
struct CompositeTable: Sendable {
  let tables: [Table]
  private let joins: Bool

  /// Tables in tables in tables.
  private static let maximumDepth = 10

  static func read(
    _ reference: TableReference, joins: Bool, files: any FileSource, externals: (any ExternalTables)?, checks: ValueCheck?
  ) -> (CompositeTable?, [Diagnostic]) {
    let name = reference.name.trimmed
    let hint = "\(reference.type.text):{ hash:/etc/weir/one, hash:/etc/weir/two }"
    guard let body = name.group, !body.elements().isEmpty else { return (nil, [.error(reference.name, "the tables stand in braces", hint: hint)]) }
    guard name.bytes.split(separator: UInt8(ascii: "{"), omittingEmptySubsequences: false).count <= maximumDepth else {
      return (nil, [.error(reference.name, "there are at most \(maximumDepth) braces in each other")])
    }
    var (tables, diagnostics): ([Table], [Diagnostic]) = ([], [])
    let elements = body.elements()
    for (index, element) in elements.enumerated() {
      guard let inner = TableReference(element.group ?? element) else {
        diagnostics.append(.error(element, "expected a table, not `\(element.text)`", hint: hint))
        continue
      }
      // Of a pipe only what comes out at its end is a value.
      let (table, found) = Table.read(inner, files: files, externals: externals, checks: joins || index == elements.count - 1 ? checks : nil)
      if let table { tables.append(table) }
      diagnostics += found
    }
    return (CompositeTable(tables: tables, joins: joins), diagnostics)
  }

  func value(for key: String) -> String? {
    guard joins else { return piped(key) }
    let found = tables.compactMap { $0.value(for: key) }
    return found.isEmpty ? nil : found.joined(separator: ",")
  }

  private func piped(_ key: String) -> String? {
    var key = key
    for table in tables {
      guard let value = table.value(for: key) else { return nil }
      key = value
    }
    return tables.isEmpty ? nil : key
  }
}
