// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

/// Whether a value can stand in a table. Asked once for each as it is read; `isTemplate`: `$1` in it stands for a group.
package typealias ValueCheck = (_ value: LocatedText, _ isTemplate: Bool) -> [Diagnostic]

/// A table that was read. Its contents never change: a new configuration reads its tables anew.
package struct Table: Sendable {
  /// A longer table file is refused.
  package static let maximumLength = 256 << 20

  private enum Content: Sendable {
    case entries(TextTable)
    case aliases(AliasTable)
    case fixed(String)
    case systemUsers
    case networks(NetworkTable)
    case patterns(PatternTable)
    case composite(CompositeTable)
    /// `fail:`
    case failing
    case external(any ExternalTable)
  }

  private let content: Content
  /// As it was named, for who wants to say where an answer stands.
  private let name: String

  private init(_ reference: TableReference, _ content: Content) {
    self.content = content
    name = reference.isInline || TableType(rawValue: reference.type.text)?.hasFile != true ? "\(reference.type.text):" : reference.name.text
  }

  /// True for `unix:passwd.byname`: whoever holds the table must ask the system; `value(for:)` finds nothing.
  package var isSystemUsers: Bool {
    if case .systemUsers = content { true } else { false }
  }

  /// True where an answer may be that there is none for now: `value(for:)` finds nothing then, which must not be taken for an answer. Asked after it: a table
  /// that others answer for says whether it just could not.
  package var isFailing: Bool {
    switch content {
    case .failing: true
    case .external(let table): table.hasFailed
    case .composite(let table): table.tables.contains(where: \.isFailing)
    case .entries, .aliases, .fixed, .systemUsers, .networks, .patterns: false
    }
  }

  /// True for a table of patterns: it is asked for the whole key only, never for a parent domain or a part of an address.
  package var isPattern: Bool {
    switch content {
    case .networks, .patterns: true
    case .external(let table): !table.takesParts
    case .entries, .aliases, .fixed, .systemUsers, .composite, .failing: false
    }
  }

  /// The tables in it that others answer for.
  package var externals: [any ExternalTable] {
    switch content {
    case .external(let table): [table]
    case .composite(let table): table.tables.flatMap(\.externals)
    case .entries, .aliases, .fixed, .systemUsers, .networks, .patterns, .failing: []
    }
  }

  /// If it is a file as aliases(5).
  package var aliases: AliasTable? {
    if case .aliases(let table) = content { table } else { nil }
  }

  /// Its file, where it has one.
  package var path: String? { name.hasSuffix(":") ? nil : name }

  var patterns: PatternTable? {
    if case .patterns(let table) = content { table } else { nil }
  }

  /// The number of entries or rules; 0 where there are no entries to count.
  package var count: Int {
    switch content {
    case .entries(let table): table.count
    case .aliases(let table): table.entries.count
    case .networks(let table): table.count
    case .patterns(let table): table.count
    case .fixed, .systemUsers, .composite, .failing, .external: 0
    }
  }

  /// All entries, in their order, keys folded; none where there are no entries to count.
  package var entries: [(key: String, value: String)] {
    switch content {
    case .entries(let table): table.entries
    case .aliases(let table): table.entries.map { ($0.name, $0.value) }
    case .fixed, .systemUsers, .networks, .patterns, .composite, .failing, .external: []
    }
  }

  /// All that it can answer but for what a match fills in, with the keys where there are such.
  package var answers: [(key: String?, value: String)] {
    switch content {
    case .entries(let table): table.entries.map { ($0.key, $0.value) }
    case .aliases(let table): table.entries.map { ($0.name, $0.value) }
    case .fixed(let value): [(nil, value)]
    case .networks(let table): table.values.map { (nil, $0) }
    case .patterns(let table): table.values.map { (nil, $0) }
    case .composite(let table): table.tables.flatMap(\.answers)
    case .systemUsers, .failing, .external: []
    }
  }

  /// The first entry whose value does not end in `last`; for a table with one value for all, that with an empty key.
  package func firstEntry(notEndingIn last: Unicode.Scalar) -> (key: String, value: String)? {
    switch content {
    case .entries(let table): table.firstEntry(notEndingIn: UInt8(ascii: last))
    case .fixed(let value): value.unicodeScalars.last == last ? nil : ("", value)
    case .aliases, .systemUsers, .networks, .patterns, .composite, .failing, .external: nil
    }
  }

  /// The key is folded as Postfix does for tables of fixed strings; patterns see it as it is.
  package func value(for key: String) -> String? {
    switch content {
    case .entries(let table): table.value(for: key)
    case .aliases(let table): table[key]?.value
    case .fixed(let value): value
    case .systemUsers, .failing: nil
    case .networks(let table): table.value(for: key)
    case .patterns(let table): table.value(for: key)
    case .composite(let table): table.value(for: key)
    case .external(let table): Array(key.utf8).withUnsafeBytes { table.value(for: $0) }
    }
  }

  /// The same for a key that is a part of some text.
  package func value(for key: UnsafeBufferPointer<UInt8>) -> String? {
    switch content {
    case .entries(let table): table.value(for: UnsafeRawBufferPointer(key))
    case .aliases(let table): table[String(decoding: key, as: UTF8.self)]?.value
    case .fixed(let value): value
    case .systemUsers, .failing: nil
    case .networks(let table): IPAddress(ascii: key).flatMap { table.value(for: $0) }
    case .patterns(let table): table.value(for: key)
    case .composite(let table): table.value(for: String(decoding: key, as: UTF8.self))
    case .external(let table): table.value(for: UnsafeRawBufferPointer(key))
    }
  }

  /// The same as for the text of the address, which a table of networks need not make and read again.
  package func value(for address: IPAddress) -> String? {
    if case .networks(let table) = content { return table.value(for: address) }
    return value(for: address.description)
  }

  /// The value byte by byte, and where it stands: `/path:12`, or for a table in a setting `regexp: rule 2`.
  package func answer(for key: UnsafeBufferPointer<UInt8>) -> (value: [UInt8], place: String)? {
    switch content {
    case .patterns(let table): table.answer(for: key).map { ($0.value, place($0.line)) }
    case .entries(let table): table.answer(for: UnsafeRawBufferPointer(key)).map { (Array($0.value.utf8), place($0.line)) }
    case .external(let table): table.value(for: UnsafeRawBufferPointer(key)).map { (Array($0.utf8), name) }
    case .aliases(let table): table[String(decoding: key, as: UTF8.self)].map { (Array($0.value.utf8), place($0.line)) }
    case .fixed, .networks, .systemUsers, .composite, .failing: value(for: String(decoding: key, as: UTF8.self)).map { (Array($0.utf8), name) }
    }
  }

  func place(_ line: Int) -> String { name.hasSuffix(":") ? "\(name) rule \(line)" : "\(name):\(line)" }

  /// Reads a table. With an error among the diagnostics the table holds what could be read. `checks` is asked about each value. `externals` makes those that
  /// others answer for; without it there can be none.
  package static func read(
    _ reference: TableReference, files: any FileSource, externals: (any ExternalTables)? = nil, checks: ValueCheck? = nil
  ) -> (table: Table?, diagnostics: [Diagnostic]) {
    guard let type = TableType(rawValue: reference.type.text) else { return readExternal(reference, files, externals) }
    switch type {
    case .static:
      let value = reference.name.group ?? reference.name
      return (Table(reference, .fixed(value.text)), checks?(value, false) ?? [])
    case .inline: return entries(reference, InlineTableReader.read(reference), checks)
    case .hash, .texthash, .btree, .lmdb, .cdb, .dbm: return readFile(reference, files, checks)
    case .unix: return readUnix(reference)
    case .cidr, .regexp, .pcre: return readRules(reference, type, files, checks)
    case .unionmap, .pipemap:
      let (table, diagnostics) = CompositeTable.read(reference, joins: type == .unionmap, files: files, externals: externals, checks: checks)
      return (table.map { Table(reference, .composite($0)) }, diagnostics)
    case .fail: return (Table(reference, .failing), [])
    }
  }

  private static func entries(_ reference: TableReference, _ result: (TextTable, [Diagnostic]), _ checks: ValueCheck?) -> (Table?, [Diagnostic]) {
    let faults = checks.map { result.0.diagnostics($0, named: reference) } ?? []
    return (Table(reference, .entries(result.0)), result.1 + faults)
  }

  private static func readFile(_ reference: TableReference, _ files: any FileSource, _ checks: ValueCheck?) -> (Table?, [Diagnostic]) {
    if reference.isInline { return entries(reference, InlineTableReader.readLines(reference), checks) }
    if reference.form != .table, let aliases = readAliases(reference, files) { return aliases }
    do throws(TableProblem) {
      return entries(reference, TextTableReader.read(reference.name.text, try contents(reference, files), files), checks)
    } catch {
      return (nil, [error.diagnostic])
    }
  }

  /// Nil where the file is written as another table.
  private static func readAliases(_ reference: TableReference, _ files: any FileSource) -> (Table?, [Diagnostic])? {
    do throws(TableProblem) {
      let bytes = try contents(reference, files).array
      if reference.form == .either, !AliasTable.isAliases(bytes) { return nil }
      let (table, diagnostics) = AliasTable.read(reference.name.text, bytes)
      return (Table(reference, .aliases(table)), diagnostics)
    } catch {
      return (nil, [error.diagnostic])
    }
  }

  private struct TableProblem: Error { let diagnostic: Diagnostic }

  private static func contents(_ reference: TableReference, _ files: any FileSource, limit: Int = maximumLength) throws(TableProblem) -> FileContents
  {
    let path = reference.name.text
    guard path.hasPrefix("/") else {
      let hint = "`\(reference.type.text):` is followed by a path that starts with `/`"
      throw TableProblem(diagnostic: .error(reference.name, "`\(path)` is no absolute path", hint: hint))
    }
    do throws(FileError) {
      return try files.contents(of: path, limit: limit)
    } catch {
      throw TableProblem(diagnostic: .error(reference.name, "cannot read the table `\(path)`: \(error.reason)"))
    }
  }

  private static func readRules(
    _ reference: TableReference, _ type: TableType, _ files: any FileSource, _ checks: ValueCheck?
  ) -> (Table?, [Diagnostic]) {
    do throws(TableProblem) {
      let lines = try rules(reference, files)
      switch type {
      case .cidr:
        let (table, diagnostics) = NetworkTableReader.read(lines, isLenient: reference.isLenient)
        return (Table(reference, .networks(table)), diagnostics)
      default:
        let engine = type == .pcre ? PatternEngine.perl : .posix
        let (table, diagnostics) = PatternTableReader.read(
          lines, engine, isLenient: reference.isLenient, takesGroups: reference.takesGroups, checks: checks)
        return (Table(reference, .patterns(table)), diagnostics)
      }
    } catch {
      return (nil, [error.diagnostic])
    }
  }

  private static func rules(_ reference: TableReference, _ files: any FileSource) throws(TableProblem) -> RuleLines {
    if reference.isInline { return RuleLines(inline: reference.name) }
    let source = SourceText(name: reference.name.text, bytes: try contents(reference, files).array)
    return RuleLines(source, isLenient: reference.isLenient)
  }

  private static func readUnix(_ reference: TableReference) -> (Table?, [Diagnostic]) {
    if reference.name.text == "passwd.byname" { return (Table(reference, .systemUsers), []) }
    return (
      nil, [.error(reference.name, "there is no table `unix:\(reference.name.text)`", hint: "only `unix:passwd.byname`, the users of the system")]
    )
  }

  private static func readExternal(_ reference: TableReference, _ files: any FileSource, _ externals: (any ExternalTables)?) -> (Table?, [Diagnostic])
  {
    guard TableType.isExternal(reference.type.text) else { return (nil, [unknownType(reference)]) }
    guard let externals else {
      let hint = "it takes its time to answer; docs/tables.md says where such a table can stand"
      return (nil, [.error(reference.type, "a table of type `\(reference.type.text):` cannot stand here", hint: hint)])
    }
    do throws(TableProblem) {
      let source = SourceText(name: reference.name.text, bytes: try contents(reference, files, limit: ExternalDefinition.maximumLength).array)
      let (definition, diagnostics) = ExternalFileReader.read(reference, source)
      return (Table(reference, .external(externals.table(definition))), diagnostics)
    } catch {
      return (nil, [error.diagnostic])
    }
  }

  private static func unknownType(_ reference: TableReference) -> Diagnostic {
    let type = reference.type.text
    if let instead = TableType.otherTypes[type] { return .error(reference.type, "tables of type `\(type):` are not supported", hint: instead) }
    let meant = Suggestion(TableType.allCases.map(\.rawValue)).nearest(to: type).map { "did you mean `\($0):`?" }
    return .error(reference.type, "unknown type of table `\(type):`", hint: meant ?? "use `hash:/path`, `inline:{ key = value }` or `static:value`")
  }
}

extension [UInt8] {
  /// ASCII letters in lower case.
  var folded: [UInt8] { map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 } }
}
