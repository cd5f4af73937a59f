// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Makes a configuration of a tree.
struct Loader {
  private let files: any FileSource
  private let facts: HostFacts
  private(set) var diagnostics: [Diagnostic]

  static func load(_ section: Section, _ diagnostics: [Diagnostic], files: any FileSource, facts: HostFacts) -> LoadResult {
    var loader = Loader(files: files, facts: facts, diagnostics: diagnostics)
    let configuration = loader.load(section)
    let all = loader.diagnostics.withoutRepetitions().sortedByPlace()
    return LoadResult(configuration: all.hasErrors ? nil : configuration, diagnostics: all)
  }

  private mutating func load(_ section: Section) -> Configuration {
    var names = NameChecker(section)
    let listenerBlocks = names.check(section)
    diagnostics += names.diagnostics
    let top = Scope(section, diagnostics: &diagnostics)
    let values = evaluate([top], Schema.definitions.filter { $0.place != .listener }, base: nil)
    let listeners = loadListeners(listenerBlocks, top, values)
    diagnostics += Consistency.check(values, listeners, top)
    return Configuration(values: values, listeners: listeners)
  }

  private mutating func loadListeners(_ blocks: [Block], _ top: Scope, _ values: SettingValues) -> [ListenerConfiguration] {
    let definitions = Schema.definitions.filter { $0.place != .topLevel }
    let named = blocks.isEmpty ? [("smtp", Scope())] : blocks.map { ($0.name?.text ?? "", Scope($0.section, diagnostics: &diagnostics)) }
    return named.map { name, scope in
      var own = evaluate([scope, top], definitions, base: values)
      own.fill(from: values)
      return ListenerConfiguration(name: name, values: own, ownNames: scope.settings.keys.sorted())
    }
  }

  private mutating func evaluate(_ scopes: [Scope], _ definitions: [Definition], base: SettingValues?) -> SettingValues {
    let evaluator = Evaluator(scopes, facts: facts)
    var values = SettingValues()
    for definition in definitions {
      guard let text = evaluator.value(of: definition.name) else { continue }
      let written = evaluator.written(definition.name)
      if let entry = base?.entries[definition.name], entry.expanded == text.text, entry.written == written?.text.text {
        values.set(definition.name, entry)
      } else if let value = parse(text, definition, isWritten: written != nil) {
        values.set(definition.name, SettingValues.Entry(written: written?.text.text, expanded: text.text, value: value))
      }
    }
    // What users define for themselves has no type, but must expand.
    for name in scopes.flatMap(\.settings.keys) where Schema.anyDefinition(name) == nil { _ = evaluator.value(of: name) }
    diagnostics += evaluator.diagnostics
    return values
  }

  private mutating func parse(_ text: LocatedText, _ definition: Definition, isWritten: Bool) -> ParsedValue? {
    var parser = ValueParser(files: files)
    let value = parser.parse(text, as: definition.type)
    // A default can be wrong only through a name that it refers to, which is reported where it is set.
    if isWritten || !diagnostics.hasErrors { diagnostics += parser.diagnostics }
    if isWritten, case .tables(let references) = value { checkTables(references) }
    if isWritten, case .patterns(let list) = value { checkTables(list.tables) }
    return value
  }

  private mutating func checkTables(_ references: [TableReference]) {
    diagnostics += TableList.read(references, files: files).diagnostics
  }
}

extension SettingValues {
  mutating func fill(from other: SettingValues) {
    for (name, entry) in other.entries where entries[name] == nil { set(name, entry) }
  }
}

extension [Diagnostic] {
  /// A setting that several listeners share is looked at several times.
  fileprivate func withoutRepetitions() -> [Diagnostic] {
    var seen: Set<String> = []
    return filter { diagnostic in
      let place = diagnostic.location.map { "\($0.source.name):\($0.offset)" } ?? ""
      return seen.insert("\(place) \(diagnostic.message)").inserted
    }
  }
}
