// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import PluginHost
import Runtime
import Tables

/// `weir map`: what tables answer, and what is wrong with them.
package struct MapRequest: Equatable, Sendable {
  package enum Verb: Equatable, Sendable {
    /// No keys: those of standard input.
    case query([String])
    /// All entries.
    case list
    case check
  }

  package var verb = Verb.check
  /// Of rules about lines, which lines of a message on standard input are keys.
  package var lines = MessageKeys.Selection()
  /// Each as `type:name`.
  package var tables: [String]
  /// How files are written; `weir map` finds out by itself.
  package var form = TableReference.Form.either

  /// Whether a word of a command line can name a table.
  package static func isTable(_ word: String) -> Bool { TableReference(LocatedText(name: "weir map", text: word)) != nil }

  package init(_ verb: Verb, tables: [String]) {
    self.verb = verb
    self.tables = tables
  }
}

struct MapCommand {
  private let request: MapRequest
  /// As postmap, which says nothing when all is well.
  private let isQuiet: Bool
  private static let maximumInput = 256 << 20

  init(_ request: MapRequest, isQuiet: Bool = false) {
    self.request = request
    self.isQuiet = isQuiet
  }

  func perform() -> Int32 { request.tables.map(perform).max() ?? ExitStatus.success }

  private func perform(_ name: String) -> Int32 {
    guard let table = read(name) else { return ExitStatus.configuration }
    if table.externals.isEmpty, table.isFailing { return problem(name) }
    switch request.verb {
    case .query(let keys):
      let status = keys.isEmpty ? answerInput(table) : answer(keys, table)
      return table.isFailing ? problem(name) : status
    case .list: return list(table)
    case .check:
      if !isQuiet { Terminal.write("\(name): \(table.count == 1 ? "1 entry" : "\(table.count) entries")\n") }
      return ExitStatus.success
    }
  }

  private func problem(_ name: String) -> Int32 {
    Terminal.writeError("weir: \(name): table lookup problem\n")
    return ExitStatus.failure
  }

  /// Nil when it cannot be used; what is wrong with it has been said.
  private func read(_ name: String) -> Table? {
    guard let reference = TableReference(LocatedText(name: "weir map", text: Self.absolute(name)))?.read(as: request.form) else {
      Terminal.writeError("weir: `\(name)` is no table; one is `type:name`, such as hash:/etc/weir/virtual\n")
      return nil
    }
    var (table, diagnostics) = result(reference)
    if let table { diagnostics += Self.open(table.externals) }
    if !diagnostics.isEmpty { Terminal.writeError(DiagnosticText(isColored: Terminal.wantsColour(2)).render(diagnostics)) }
    return diagnostics.contains { $0.severity == .error } ? nil : table
  }

  /// On a command line, files are looked for from where one is.
  private static func absolute(_ name: String) -> String {
    guard let colon = name.firstIndex(of: ":"), let type = TableType(rawValue: String(name[..<colon])), type.hasFile else { return name }
    let rest = name[name.index(after: colon)...]
    return rest.isEmpty || rest.hasPrefix("/") || rest.first(where: { $0 != " " }) == "{" ? name : "\(type.rawValue):\(Machine.workingFolder)/\(rest)"
  }

  /// With lines of messages for keys, the values are actions.
  private func result(_ reference: TableReference) -> (Table?, [Diagnostic]) {
    if request.lines.isEmpty { return Table.read(reference, files: LinuxFiles(), externals: PluginTables()) }
    return ContentChecks.read(reference, request.lines.hasHeader ? .header : .body, files: LinuxFiles())
  }

  /// Here a plugin that breaks breaks nobody else.
  private static func open(_ tables: [any ExternalTable]) -> [Diagnostic] {
    let plan = TablePlan(tables)
    return plan.diagnostics + plan.entries.compactMap { TableOpener.openHere($0) { Terminal.writeError("weir: \($0)\n") } }
  }

  // MARK: Queries

  /// As `postmap -q key`: the value alone, if one key is asked for.
  private func answer(_ keys: [String], _ table: Table) -> Int32 {
    let answers = keys.map { key in Array(key.utf8).withUnsafeBufferPointer { table.answer(for: $0) } }
    for (key, answer) in zip(keys, answers) {
      guard let answer else { continue }
      Terminal.write((keys.count == 1 ? [] : Array("\(key)\t".utf8)) + shown(answer.value) + [0x0a], to: 1)
    }
    return answers.allSatisfy { $0 == nil } ? ExitStatus.failure : ExitStatus.success
  }

  /// Of an alias, without the blanks after its colon.
  private func shown(_ value: [UInt8]) -> [UInt8] { request.form == .table ? value : Array(value.drop { $0 == 0x20 || $0 == 0x09 }) }

  /// As `postmap -q -`: the lines of standard input, or of the message there.
  private func answerInput(_ table: Table) -> Int32 {
    guard let input = Terminal.readInput(limit: Self.maximumInput) else {
      Terminal.writeError("weir: standard input cannot be read, or has more than \(Self.maximumInput >> 20) MiB\n")
      return ExitStatus.failure
    }
    var output: [UInt8] = []
    var status = ExitStatus.failure
    input.withUnsafeBytes { input in
      MessageKeys.each(input, request.lines) { key in
        guard !key.isEmpty, let answer = table.answer(for: key) else { return }
        status = ExitStatus.success
        output += key
        output += [0x09] + shown(answer.value) + [0x0a]
      }
    }
    Terminal.write(output, to: 1)
    return status
  }

  private func list(_ table: Table) -> Int32 {
    for (key, value) in table.answers {
      let value = String(decoding: shown(Array(value.utf8)), as: UTF8.self)
      Terminal.write(key.map { "\($0)\t\(value)\n" } ?? "\(value)\n")
    }
    return ExitStatus.success
  }
}
