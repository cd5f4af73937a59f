// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings
import Tables

extension Importer {
  /// Points every table of the draft to its copy, and reads those that only refused settings name, for the account.
  mutating func relocateTables() {
    let main = main
    tables.expand = { main.expand($0) }
    for index in draft.lines.indices { draft.lines[index] = relocated(draft.lines[index]) }
    for block in draft.blocks.indices {
      for index in draft.blocks[block].lines.indices { draft.blocks[block].lines[index] = relocated(draft.blocks[block].lines[index]) }
    }
    for setting in main.list where setting.counts {
      _ = tables.relocate(main.expand(setting.value), of: setting.name, item: setting.item, plainPaths: Self.holdsPatterns(setting.name))
    }
    for option in services.flatMap(\.options) {
      _ = tables.relocate(main.expand(option.value), of: option.name, item: option.item, plainPaths: Self.holdsPatterns(option.name))
    }
    let usesCopies = (draft.lines + draft.blocks.flatMap(\.lines)).contains { $0.value.contains("$\(TableCopies.folderSetting)/") }
    if usesCopies { draft.lines.insert(DraftLine(name: TableCopies.folderSetting, value: tables.folder, comments: [], item: nil), at: 0) }
  }

  private mutating func relocated(_ line: DraftLine) -> DraftLine {
    let value = tables.relocate(line.value, of: line.name, item: line.item, plainPaths: Self.holdsPatterns(line.name))
    return DraftLine(name: line.name, value: value, comments: line.comments, item: line.item)
  }

  /// Whether `/path` in the value of this setting is a file of more elements.
  static func holdsPatterns(_ name: String) -> Bool {
    guard let definition = Schema.definition(name) ?? Schema.definition(name, inListener: true) else {
      return ["mydestination", "mynetworks", "relay_domains", "virtual_alias_domains", "virtual_mailbox_domains", "debug_peer_list"].contains(name)
    }
    switch definition.type {
    case .networks, .domains, .clients: return true
    default: return false
    }
  }

  /// The account of the tables: copied, or not and why.
  mutating func copyTables(_ text: String) {
    for source in tables.sources {
      if let copy = source.copy, text.contains("$\(TableCopies.folderSetting)/\(copy)") { tables.used.insert(copy) }
      guard !ledger.hasRead(source.path) else { continue }
      let count = SourceText(name: source.path, bytes: source.bytes).countedLines
      ledger.open(source.path, lineCount: count)
      guard count > 0 else { continue }
      if let copy = source.copy, tables.used.contains(copy) {
        ledger.add(source.path, 1...count, Self.count(count), .kept, "copied to \(TableCopies.folderName)/\(copy)")
      } else {
        let reason = source.type.flatMap { TableType.otherTypes[$0] }.map { ": `\(source.type ?? ""):` is \($0)" } ?? ""
        let item = ledger.add(source.path, 1...count, Self.count(count), .refused, "`\(source.setting)`, which names it, was refused\(reason)")
        if source.copy == nil { warnIfReadable(source.path, item, "the password of a database") }
      }
    }
  }

  static func count(_ lines: Int) -> String { lines == 1 ? "1 line" : "\(lines) lines" }
}
