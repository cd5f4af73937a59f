// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The tables of one configuration, each read once however many settings name it.
package struct TableStore: Sendable {
  fileprivate(set) var tables: [String: Table] = [:]

  package init() {}

  /// The table, if it was read while the configuration was loaded.
  package subscript(reference: TableReference) -> Table? { tables[reference.identity] }

  package func list(_ references: [TableReference]) -> TableList { TableList(references.compactMap { self[$0] }) }

  /// Those that others answer for, in the order of their names.
  package var externals: [any ExternalTable] { tables.sorted { $0.key < $1.key }.flatMap(\.value.externals) }
}

/// Reads tables while a configuration is loaded, and keeps them.
package final class TableReader {
  package let files: any FileSource
  /// What was read so far.
  package private(set) var store = TableStore()
  /// Tables that could not be read, or not without a word about them.
  private var diagnostics: [String: [Diagnostic]] = [:]

  private let externals: (any ExternalTables)?

  /// `externals` makes the tables that others answer for.
  package init(files: any FileSource, externals: (any ExternalTables)? = nil) {
    self.files = files
    self.externals = externals
  }

  /// With an error among the diagnostics the table holds what could be read. A table that was read before is not read again; what was wrong in its file
  /// is said again, at the same place. `mayWait`: one that takes its time to answer can stand there.
  package func read(_ reference: TableReference, mayWait: Bool = true) -> (table: Table?, diagnostics: [Diagnostic]) {
    let identity = reference.identity
    if !mayWait, TableType(rawValue: reference.type.text)?.isComposite == true || TableType.isExternal(reference.type.text) {
      let result = Table.read(reference, files: files)
      if result.diagnostics.contains(where: { $0.severity == .error }) { return result }
    }
    if let table = store.tables[identity] { return (table, diagnostics[identity] ?? []) }
    let result = Table.read(reference, files: files, externals: externals)
    store.tables[identity] = result.table
    if !result.diagnostics.isEmpty { diagnostics[identity] = result.diagnostics }
    return result
  }

  package func read(_ references: [TableReference]) -> (list: TableList, diagnostics: [Diagnostic]) {
    let results = references.map { read($0) }
    return (TableList(results.compactMap(\.table)), results.flatMap(\.diagnostics))
  }
}
