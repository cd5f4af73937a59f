// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime
import Settings
import Tables

/// `newaliases`: the texts of alias tables are checked as the daemon reads them, and that those they name are there. That a text has changed is noticed
/// by itself.
struct NewAliases {
  private let setup: Setup

  static func run(_ options: Options) -> Int32 {
    guard let setup = Launch.load(options) else { return ExitStatus.configuration }
    let command = NewAliases(setup: setup)
    return command.files.map(command.check).max() ?? ExitStatus.success
  }

  /// Of alias_maps and alias_database, each once.
  private var files: [TableReference] {
    let database = setup.configuration[Keys.aliasDatabase].split { $0 == "," || $0.isWhitespace }
    let named = database.compactMap { TableReference(LocatedText(name: Keys.aliasDatabase.name, text: String($0)))?.read(as: .aliases) }
    var seen: Set<String> = []
    return (setup.configuration[Keys.aliasMaps] + named).filter { $0.form != .table && seen.insert($0.description).inserted }
  }

  private func check(_ reference: TableReference) -> Int32 {
    let (table, diagnostics) = Table.read(reference, files: LinuxFiles())
    let found = diagnostics + (table.map { AliasCheck.diagnostics(setup, LinuxFiles(insistsOnRoot: false), aliases: $0) } ?? [])
    if !found.isEmpty { Terminal.writeError(DiagnosticText(isColored: Terminal.wantsColour(2)).render(found)) }
    return diagnostics.hasErrors ? ExitStatus.dataError : ExitStatus.success
  }
}
