// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables

/// Makes a configuration of a tree.
struct Loader {
  private let tables: TableReader
  private let facts: HostFacts
  /// What stands in `protocol` blocks, by protocol.
  private var protocols: [String: Scope] = [:]
  private(set) var diagnostics: [Diagnostic]

  static func load(_ section: Section, _ diagnostics: [Diagnostic], files: any FileSource, facts: HostFacts) -> LoadResult {
    var loader = Loader(tables: TableReader(files: files, externals: facts.externals), facts: facts, diagnostics: diagnostics)
    let configuration = loader.load(section)
    let all = loader.diagnostics.withoutRepetitions().sortedByPlace()
    return LoadResult(configuration: all.hasErrors ? nil : configuration, diagnostics: all)
  }

  private mutating func load(_ written: Section) -> Configuration {
    let section = written.withQuotasAsSettings(&diagnostics).withListsAsSettings(&diagnostics)
    var names = NameChecker(section)
    let blocks = names.check(section)
    let listenerBlocks = blocks["listener"] ?? []
    diagnostics += names.diagnostics
    let top = scope(section)
    protocols = Dictionary((blocks["protocol"] ?? []).map { ($0.name?.text ?? "", scope($0.section)) }) { first, second in
      first.overridden(by: second)
    }
    let ofTransports = top.settings.keys.filter(Schema.isOfTransport).sorted().compactMap { Schema.definition($0) }
    let values = evaluate([top], Schema.definitions.filter { $0.place != .listener } + ofTransports, base: nil)
    var transports = TransportReader(ValueParser(tables: tables))
    let transportBlocks = transports.read(blocks["transport"] ?? []).map { withValues($0, top, values) }
    diagnostics += transports.diagnostics + MailboxCheck(tables: tables).check(values, top)
    diagnostics += RoutingCheck(tables: tables, blocks: transportBlocks).check(values, top)
    let named = listenerBlocks.isEmpty ? [("smtp", Scope())] : listenerBlocks.map { ($0.name?.text ?? "", scope($0.section)) }
    let definitions = Schema.definitions.filter { $0.place != .topLevel }
    let listeners = named.map { loadListener($0, $1, definitions, top, values) }
    for (listener, (_, own)) in zip(listeners, named) {
      diagnostics += RoutingCheck(tables: tables, blocks: transportBlocks).checkListener(listener.values, own)
    }
    let places = listenerBlocks.map { $0.name?.start ?? $0.kind.start }
    // A mistake leaves a default in its place, which must not be blamed.
    diagnostics += Consistency.check(values, zip(listeners, places), top, isComplete: !diagnostics.hasErrors)
    let shared = protocols.mapValues { $0.settings.filter { Schema.anyDefinition($0.key) != nil }.mapValues(\.text.text) }
    var stages = StageReader(top, facts: facts, tables: tables, listeners: listeners.map(\.name))
    let stageBlocks = CheckStages(values, listeners: listeners).complete(stages.read(blocks["stage"] ?? []))
    // What is wrong with a value that they refer to has been said of that.
    diagnostics += stages.diagnostics.filter { found in !diagnostics.contains { $0.isSame(as: found) } }
    let pickup = loadListener(ListenerConfiguration.pickup, Scope(), definitions, top, values)
    return Configuration(
      values: values, listeners: listeners, pickup: pickup, protocols: shared, stages: stageBlocks, transports: transportBlocks,
      tables: tables.store)
  }

  private mutating func scope(_ section: Section) -> Scope { Scope(section, files: tables.files, diagnostics: &diagnostics) }

  private mutating func loadListener(
    _ name: String, _ scope: Scope, _ definitions: [Definition], _ top: Scope, _ values: SettingValues
  ) -> ListenerConfiguration {
    let spoken = scope.settings[Keys.listenerProtocol.name]?.text.text.lowercased() ?? Keys.listenerProtocol.definition.defaultText
    let scopes = [scope, protocols[spoken], top].compactMap(\.self)
    var own = evaluate(scopes, definitions, base: values)
    own.fill(from: values)
    var stressed = evaluate(scopes, definitions, base: own, underStress: true)
    stressed.fill(from: own)
    return ListenerConfiguration(
      name: name, values: own, ownNames: scope.settings.keys.sorted(), stressed: stressed.expandsAlike(own) ? nil : stressed)
  }

  private mutating func withValues(_ transport: TransportBlock, _ top: Scope, _ values: SettingValues) -> TransportBlock {
    if transport.ownSettings.isEmpty { return transport }
    let scope = scope(Section(entries: transport.ownSettings.map(Entry.setting)))
    var own = evaluate([scope, top], ClientSettings.definitions(transport.kind), base: values)
    own.fill(from: values)
    var transport = transport
    transport.values = own
    return transport
  }

  private mutating func evaluate(_ scopes: [Scope], _ definitions: [Definition], base: SettingValues?, underStress: Bool = false) -> SettingValues {
    let evaluator = Evaluator(scopes, facts: facts, underStress: underStress)
    var values = SettingValues()
    let classes = Set(evaluator.value(of: Keys.smtpdRestrictionClasses.name)?.elements().map(\.text) ?? [])
    // What is written comes first: a mistake in it is told where it stands, not where a default repeats it.
    let written = definitions.filter { evaluator.written($0.name) != nil }
    for definition in written + definitions.filter({ evaluator.written($0.name) == nil }) {
      guard let text = evaluator.value(of: definition.name) else { continue }
      if evaluator.isBroken(definition.name) { continue }
      let written = evaluator.written(definition.name)
      if let entry = base?.entries[definition.name], entry.expanded == text.text, entry.written == written?.text.text {
        values.set(definition.name, entry)
      } else if let value = parse(text, definition, isWritten: written != nil, classes: classes) {
        values.set(
          definition.name, SettingValues.Entry(written: written?.text.text, expanded: text.text, value: value, place: written == nil ? nil : text))
      }
    }
    addUserDefined(&values, scopes, evaluator)
    addRestrictionClasses(&values, evaluator)
    diagnostics += evaluator.diagnostics
    return values
  }

  /// What users name for themselves has no type, but must expand.
  private func addUserDefined(_ values: inout SettingValues, _ scopes: [Scope], _ evaluator: Evaluator) {
    for (name, written) in (scopes.first?.settings ?? [:]).sorted(by: { $0.key < $1.key }) where Schema.anyDefinition(name) == nil {
      // What Weir has not may hold what is not for now: Dovecot's variables, Postfix's `$home`.
      guard Schema.origin(of: name) == nil, let text = evaluator.value(of: name)?.text, !evaluator.isBroken(name) else { continue }
      values.set(name, SettingValues.Entry(written: written.text.text, expanded: text, value: .text(text)))
    }
  }

  /// Each word of smtpd_restriction_classes is the name of a setting.
  private mutating func addRestrictionClasses(_ values: inout SettingValues, _ evaluator: Evaluator) {
    guard let words = evaluator.value(of: Keys.smtpdRestrictionClasses.name)?.elements() else { return }
    var parser = ValueParser(tables: tables)
    parser.classes = Set(words.map(\.text))
    for word in words {
      guard Schema.anyDefinition(word.text) == nil, let text = evaluator.value(of: word.text), evaluator.written(word.text) != nil else {
        parser.report(.error(word, "the restriction class `\(word.text)` is not defined", hint: "\(word.text) = permit_mynetworks, reject"))
        continue
      }
      let list = parser.parseRestrictions(text, nil)
      let written = evaluator.written(word.text)?.text.text
      values.set(word.text, SettingValues.Entry(written: written, expanded: text.text, value: .restrictions(list)))
    }
    diagnostics += parser.diagnostics
  }

  private mutating func parse(_ text: LocatedText, _ definition: Definition, isWritten: Bool, classes: Set<String>) -> ParsedValue? {
    var parser = ValueParser(tables: tables)
    parser.classes = classes
    parser.mayWait = PatientSettings.names.contains(definition.name)
    parser.takesGroups = !PlainTables.names.contains(definition.name)
    let value = parser.parse(text, as: definition.type)
    if isWritten {
      diagnostics += parser.diagnostics
    } else if !diagnostics.hasErrors {
      // A default can be wrong only through a name that it refers to, and what is said of that is said where it is set.
      diagnostics += parser.diagnostics.filter { $0.severity == .error }
    }
    return value
  }
}

extension SettingValues {
  func expandsAlike(_ other: SettingValues) -> Bool {
    entries.count == other.entries.count && entries.allSatisfy { $0.key == Keys.stress.name || other.entries[$0.key]?.expanded == $0.value.expanded }
  }

  mutating func fill(from other: SettingValues) {
    for (name, entry) in other.entries where entries[name] == nil { set(name, entry) }
  }
}

extension [Diagnostic] {
  /// A setting that several listeners share is looked at several times.
  fileprivate func withoutRepetitions() -> [Diagnostic] {
    var seen: Set<String> = []
    return filter { diagnostic in
      let place = diagnostic.location.map(\.description) ?? ""
      return seen.insert("\(place) \(diagnostic.message)").inserted
    }
  }
}
