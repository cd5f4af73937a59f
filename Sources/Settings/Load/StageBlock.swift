// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline
import Tables

/// A `stage NAME { }` as it stands: what is Weir's is read, the rest are options for the plugin to know.
package struct StageBlock: Sendable {
  package struct Option: Sendable {
    package let name: LocatedText
    package let value: LocatedText
  }

  package let name: LocatedText
  /// A path, or a name for `plugin_directory`.
  package let plugin: LocatedText
  package internal(set) var component: String?
  /// Nil: in a worker, unless it came with Weir.
  package internal(set) var mode: StageSettings.Mode?
  package internal(set) var onFailure = FailurePolicy.tempfail
  package internal(set) var timeout = Duration.seconds(30)
  package internal(set) var isShadow = false
  package internal(set) var condition = StageCondition.always
  package internal(set) var listeners: [String]?
  package internal(set) var processes = 1
  package internal(set) var memory = 256 << 20
  package internal(set) var mayUseNetwork = false
  package internal(set) var writablePaths: [String] = []
  package internal(set) var options: [Option] = []
  /// There is no such block: a setting at the top level makes the stage.
  package internal(set) var isImplied = false
  /// All that stands in the block, as it was expanded.
  package internal(set) var lines: [Option] = []

  /// Weir's own words in such a block. A plugin can have no options of these names.
  package static let words = [
    "plugin", "component", "mode", "on_failure", "timeout", "shadow", "when", "listener", "worker_processes", "worker_memory", "worker_network",
    "worker_paths",
  ]

  /// What the stage is to be, once it is known which file `plugin` means and how it is run where the block does not say.
  package func settings(file: String, mode: StageSettings.Mode) -> StageSettings {
    var settings = StageSettings(name: name.text, plugin: file)
    settings.component = component
    settings.mode = self.mode ?? mode
    settings.onFailure = onFailure
    settings.timeout = Int(clamping: timeout / .milliseconds(1))
    settings.isShadow = isShadow
    settings.condition = condition
    settings.listeners = listeners
    settings.processes = processes
    settings.memory = memory
    settings.mayUseNetwork = mayUseNetwork
    settings.writablePaths = writablePaths
    settings.options = options.map { StageSettings.Option($0.name.text, $0.value.text) }
    return settings
  }
}

extension Int {
  fileprivate init(clamping value: Double) { self = value >= 1e15 ? Int(1e15) : value <= 0 ? 0 : Int(value) }
}

/// Reads `stage` blocks.
struct StageReader {
  private let top: Scope
  private let facts: HostFacts
  private let tables: TableReader
  private let listeners: [String]
  private(set) var diagnostics: [Diagnostic] = []

  init(_ top: Scope, facts: HostFacts, tables: TableReader, listeners: [String]) {
    self.top = top
    self.facts = facts
    self.tables = tables
    self.listeners = listeners
  }

  mutating func read(_ blocks: [Block]) -> [StageBlock] {
    var seen: [String: LocatedText] = [:]
    return blocks.compactMap { block in
      guard let name = block.name, block.isClosed else { return nil }
      if let earlier = seen[name.text] {
        diagnostics.append(.error(name, "there are two stages `\(name.text)`; the other is in line \(earlier.start.line)"))
      }
      seen[name.text] = name
      return read(block, name)
    }
  }

  private mutating func read(_ block: Block, _ name: LocatedText) -> StageBlock? {
    // A name may stand several times: options that are lists.
    let settings = block.section.settings.map { setting in
      let evaluator = Evaluator([Scope(Section(entries: [.setting(setting)]), files: tables.files, diagnostics: &diagnostics), top], facts: facts)
      defer { diagnostics += evaluator.diagnostics }
      return (setting.name, value: evaluator.value(of: setting.name.text) ?? setting.rawValue)
    }
    let plugin = settings.last { $0.0.text == "plugin" }?.value ?? name
    var stage = StageBlock(name: name, plugin: plugin)
    if !name.text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }) || name.isEmpty {
      diagnostics.append(.error(name, "`\(name.text)` is no name for a stage", hint: "letters, digits, `-` and `_`"))
    }
    stage.lines = settings.map { StageBlock.Option(name: $0.0, value: $0.value) }
    for (setting, value) in settings { take(setting, value, into: &stage) }
    return stage
  }

  private mutating func take(_ name: LocatedText, _ value: LocatedText, into stage: inout StageBlock) {
    switch name.text {
    case "plugin": break
    case "component": stage.component = value.text
    case "mode": stage.mode = choice(value)
    case "on_failure": stage.onFailure = choice(value) ?? stage.onFailure
    case "timeout": stage.timeout = parse(value) { $0.parseDuration(value, unit: .seconds, seconds: 1...3600) } ?? stage.timeout
    case "shadow": stage.isShadow = parse(value) { $0.parseBoolean(value) } ?? false
    case "listener": stage.listeners = listeners(value)
    case "worker_processes": stage.processes = parse(value) { $0.parseInteger(value, in: 1...64) } ?? stage.processes
    case "worker_memory": stage.memory = parse(value) { $0.parseByteCount(value, in: 1 << 20...1 << 40) } ?? stage.memory
    case "worker_network": stage.mayUseNetwork = parse(value) { $0.parseBoolean(value) } ?? false
    case "worker_paths": stage.writablePaths = value.elements().map(\.text)
    case "when": stage.condition = condition(value) ?? .always
    default:
      if let meant = Suggestion(StageBlock.words).nearest(to: name.text, differences: 1) {
        diagnostics.append(.warning(name, "`\(name.text)` is taken for an option of the plugin", hint: "did you mean `\(meant)`?"))
      }
      stage.options.append(StageBlock.Option(name: name, value: value))
    }
  }

  private mutating func parse<Value>(_ text: LocatedText, _ body: (inout ValueParser) -> Value?) -> Value? {
    var parser = ValueParser(tables: tables)
    defer { diagnostics += parser.diagnostics }
    return body(&parser)
  }

  private mutating func choice<Value: RawRepresentable<String> & CaseIterable>(_ text: LocatedText) -> Value? {
    parse(text) { $0.parseChoice(text, of: Value.allCases.map(\.rawValue)) }.flatMap(Value.init(rawValue:))
  }

  private mutating func listeners(_ text: LocatedText) -> [String] {
    text.elements().map { element in
      if !listeners.contains(element.text) {
        let hint = Suggestion(listeners).nearest(to: element.text).map { "did you mean `\($0)`?" }
        diagnostics.append(.error(element, "there is no listener `\(element.text)`", hint: hint ?? "there are: \(listeners.joined(separator: ", "))"))
      }
      return element.text
    }
  }

  private mutating func condition(_ text: LocatedText) -> StageCondition? {
    do throws(StageCondition.Failure) {
      return try StageCondition(text.text)
    } catch {
      let hint = "when = client.mynetworks != yes and auth.user = \"\""
      switch error {
      case .empty: diagnostics.append(.error(text, "a condition is missing", hint: hint))
      case .badKey(let key): diagnostics.append(.error(text, "`\(key)` is no property", hint: hint))
      case .missingOperator(let word):
        diagnostics.append(.error(text, "at `\(word)`: expected PROPERTY = VALUE or PROPERTY != VALUE, joined by `and`", hint: hint))
      case .unclosedQuote: diagnostics.append(.error(text, "a quote is not closed", hint: hint))
      }
      return nil
    }
  }
}
