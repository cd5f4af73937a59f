// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Tables that are asked one after the other.
package struct TableList: Sendable {
  package let tables: [Table]

  package init(_ tables: [Table]) { self.tables = tables }

  package var isEmpty: Bool { tables.isEmpty }

  /// True if one of them is the users of the system, which only the system can answer for.
  package var asksSystemUsers: Bool { tables.contains(where: \.isSystemUsers) }

  /// True if one of them may have no answer for now: where nothing is found, that means nothing then.
  package var isFailing: Bool { tables.contains(where: \.isFailing) }

  /// Those in it that others answer for.
  package var externals: [any ExternalTable] { tables.flatMap(\.externals) }

  /// Reads all, and says all that is wrong with them.
  package static func read(
    _ references: [TableReference], files: any FileSource, externals: (any ExternalTables)? = nil
  ) -> (list: TableList, diagnostics: [Diagnostic]) {
    let results = references.map { Table.read($0, files: files, externals: externals) }
    return (TableList(results.compactMap(\.table)), results.flatMap(\.diagnostics))
  }

  /// The first table that has the key answers.
  package func value(for key: String) -> String? {
    for table in tables {
      if let value = table.value(for: key) { return value }
    }
    return nil
  }

  /// All that the tables hold, as `value(for:)` finds it.
  package var entries: [String: String] {
    Dictionary(tables.flatMap(\.entries).map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  /// The first of the keys that any table has, where tables of patterns are asked for the whole address alone.
  package func match(address keys: [AddressKey]) -> AddressMatch? {
    for key in keys {
      for table in tables where key.form == .full || !table.isPattern {
        if let value = table.value(for: key.text) { return AddressMatch(key: key, value: value) }
      }
    }
    return nil
  }

  /// The first of the keys that any table has.
  package func match(_ keys: [AddressKey]) -> AddressMatch? {
    for key in keys {
      if let value = value(for: key.text) { return AddressMatch(key: key, value: value) }
    }
    return nil
  }
}

/// What was found for an address, and by which key.
package struct AddressMatch: Equatable, Sendable {
  package let key: AddressKey
  package let value: String
}
