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
    if !diagnostics.isEmpty { Terminal.writeError(DiagnosticText(isColored: Terminal.wantsColour(2)).render(diagnostics)) }
    for fault in table?.aliases.map({ AliasFaults.find(in: $0, questions) }) ?? [] {
      Terminal.writeError("\(reference.name.text):\(fault.line): warning: \(fault.text)\n")
    }
    return diagnostics.hasErrors ? ExitStatus.dataError : ExitStatus.success
  }

  private var questions: AliasFaults.Questions {
    AliasFaults.Questions(isNobody: isNobody, faultOfInclude: Self.faultOfInclude, faultOfCommand: Self.faultOfCommand, faultOfFile: Self.faultOfFile)
  }

  /// A name is completed with myorigin; only where that is one of our own domains it has to be a user.
  private func isNobody(_ name: String) -> Bool {
    guard setup.resolver()(name)?.route == .local else { return false }
    let delimiters = setup.configuration[Keys.recipientDelimiter]
    let base = String(name.prefix(1)) + name.dropFirst().prefix { !delimiters.contains($0) }
    // Where the system cannot be asked, nothing is said.
    do { return try SystemUser.find(base.lowercased()) == nil } catch { return false }
  }

  private static func faultOfInclude(_ path: String) -> String? {
    guard path.hasPrefix("/") else { return "it needs a path that starts with /" }
    do {
      _ = try LinuxFiles(insistsOnRoot: false).read(path, limit: 16 << 20)
      return nil
    } catch {
      return error.reason
    }
  }

  /// The program is the first word, where no shell has to find it.
  private static func faultOfCommand(_ command: String) -> String? {
    let program = command.prefix { $0 != " " && $0 != "\t" }
    guard program.hasPrefix("/"), program.allSatisfy({ !"$`'\"\\;&|<>(){}*?".contains($0) }) else { return nil }
    return Folder.hasFile(String(program)) ? nil : "there is no such program"
  }

  private static func faultOfFile(_ path: String) -> String? {
    let folder = path.hasSuffix("/") ? path.dropLast() : path[...]
    let parent = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
    return parent.isEmpty || Folder.hasFile(parent) ? nil : "there is no folder \(parent)"
  }
}
