// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Pipeline
import PluginHost
import Runtime
import Settings
import Tables

/// The tables that plugins answer for, with the files of these plugins.
struct TablePlan {
  struct Entry {
    let table: PluginTable
    let settings: StageSettings
    let isShipped: Bool
    /// Those that are the plugin's, in the order of `settings.options`.
    fileprivate let options: [ExternalDefinition.Option]
    let limit: Duration

    var isLenient: Bool { table.definition.isLenient }

    /// Where an option stands; the table's name in the setting for one that does not stand there.
    func place(_ option: Int?) -> LocatedText {
      guard let option, options.indices.contains(option) else { return table.definition.name }
      return options[option].value.isEmpty ? options[option].name : options[option].value
    }
  }

  private(set) var entries: [Entry] = []
  private(set) var diagnostics: [Diagnostic] = []
  private let files: PluginFiles
  private let limit: Duration

  init(_ setup: Setup) {
    let configuration = setup.configuration
    self.init(
      configuration.tables.externals, directory: configuration[Keys.pluginDirectory], limit: configuration[Keys.tableLookupTimeout])
  }

  init(_ tables: [any ExternalTable], directory: String = Keys.pluginDirectory.definition.defaultText, limit: Duration = .seconds(10)) {
    files = PluginFiles(directory: directory)
    self.limit = limit
    for table in tables { if let table = table as? PluginTable { add(table) } }
  }

  private mutating func add(_ table: PluginTable) {
    let definition = table.definition
    let plugin = definition.word("plugin") ?? definition.type
    switch files.find(plugin.text) {
    case .success(let found):
      guard let mode = mode(found, definition), let limit = limit(of: definition), let mayUseNetwork = network(definition) else { return }
      var settings = StageSettings(name: definition.description, plugin: found.path)
      settings.component = definition.word("component")?.text ?? definition.type.text
      settings.isTable = true
      settings.mode = mode
      settings.timeout = Int(min(limit / .milliseconds(1), 3_600_000))
      settings.mayUseNetwork = mayUseNetwork
      let options = definition.options.filter { !ExternalDefinition.words.contains($0.name.text) }
      settings.options = options.map { StageSettings.Option($0.name.text, $0.value.text) }
      entries.append(Entry(table: table, settings: settings, isShipped: found.isShipped, options: options, limit: limit))
    case .failure(let error):
      let isType = definition.word("plugin") == nil
      diagnostics.append(
        .error(plugin, isType ? "unknown type of table `\(definition.type.text):`" : error.reason, hint: isType ? error.reason : nil))
    }
  }

  /// A plugin that Weir does not ship is not trusted with the process that holds everybody's mail.
  private mutating func mode(_ found: PluginFiles.Found, _ definition: ExternalDefinition) -> StageSettings.Mode? {
    guard let word = definition.word("mode") else { return found.isShipped ? .inprocess : .worker }
    if let mode = StageSettings.Mode(rawValue: word.text) { return mode }
    diagnostics.append(.error(word, "expected `inprocess` or `worker`, not `\(word.text)`"))
    return nil
  }

  private mutating func network(_ definition: ExternalDefinition) -> Bool? {
    switch definition.word("worker_network")?.text {
    case nil, "no": return false
    case "yes": return true
    case let other?:
      diagnostics.append(.error(definition.word("worker_network") ?? definition.type, "expected `yes` or `no`, not `\(other)`"))
      return nil
    }
  }

  private mutating func limit(of definition: ExternalDefinition) -> Duration? {
    guard let written = definition.word("timeout") else { return limit }
    if let milliseconds = ComponentOptions.milliseconds(written.text), (1...3_600_000).contains(milliseconds) { return .milliseconds(milliseconds) }
    diagnostics.append(.error(written, "expected a duration, not `\(written.text)`", hint: "timeout = 5s"))
    return nil
  }
}

extension TablePlan {
  /// What its workers may do.
  var workerOrders: [WorkerOrder] { entries.map(\.settings).filter { $0.mode == .worker }.map { WorkerOrder($0) } }
}

/// Makes tables answer.
struct TableOpener: Sendable {
  /// What was wrong, at which of the options.
  struct Fault: Error {
    let option: Int?
    let message: String
    var hint: String?
  }

  let log: Log

  /// Opens all of a configuration. What is answered: those in workers.
  @discardableResult func open(_ setup: Setup) throws -> [Stage] {
    try open(TablePlan(setup), recheck: setup.configuration[Keys.tableCheckInterval], door: setup.workerDoor.map { WorkerDoor($0) })
  }

  /// Without `door` workers run as this process's own user.
  @discardableResult func open(_ plan: TablePlan, recheck: Duration = .seconds(5), door: WorkerDoor? = nil) throws -> [Stage] {
    if let problem = plan.diagnostics.first { throw StartError(problem.message) }
    var plugins: [String: Plugin] = [:]
    var workers: [Stage] = []
    let means = try Self.means(plan.workerOrders, door)
    for entry in plan.entries {
      do throws(Fault) {
        if let means, entry.settings.mode == .worker {
          let table = try Self.workers(entry, means.door, means.nursery, line(entry))
          workers.append(table.stage)
          entry.table.open(table)
        } else {
          entry.table.open(try Self.engine(entry, try Self.plugin(entry, &plugins), recheck: recheck, line(entry)))
        }
      } catch {
        throw StartError("\(entry.settings.name): \(error.message)")
      }
    }
    return workers
  }

  private static func means(_ orders: [WorkerOrder], _ door: WorkerDoor?) throws -> (door: WorkerDoor, nursery: WorkerNursery?)? {
    if orders.isEmpty { return nil }
    if let door { return (door, nil) }
    let nursery = try WorkerNursery(program: Machine.executable, orders: orders)
    return (nursery.door, nursery)
  }

  private static func workers(_ entry: TablePlan.Entry, _ door: WorkerDoor, _ nursery: WorkerNursery?, _ log: @escaping PluginLog) throws(Fault)
    -> TableWorkers
  {
    do throws(PluginRefusal) {
      return try TableWorkers(entry.settings, isLenient: entry.isLenient, door: door, nursery: nursery, log: log)
    } catch {
      throw fault(error, entry.settings)
    }
  }

  /// For a command: what is wrong, if something is. `say` is given what the table tells.
  static func openHere(_ entry: TablePlan.Entry, say: @escaping @Sendable (String) -> Void) -> Diagnostic? {
    do {
      let log: PluginLog = { _, text, _ in say(text) }
      if entry.settings.mode == .worker, let means = try means([WorkerOrder(entry.settings)], nil) {
        entry.table.open(try workers(entry, means.door, means.nursery, log))
      } else {
        var plugins: [String: Plugin] = [:]
        entry.table.open(try engine(entry, try plugin(entry, &plugins), recheck: .seconds(5), log))
      }
      return nil
    } catch let error as Fault {
      return .error(entry.place(error.option), error.message, hint: error.hint)
    } catch {
      return .error(entry.place(nil), "\(error)")
    }
  }

  private static func plugin(_ entry: TablePlan.Entry, _ plugins: inout [String: Plugin]) throws(Fault) -> Plugin {
    if let known = plugins[entry.settings.plugin] { return known }
    do throws(PluginRefusal) {
      let plugin = try Plugin.copied(entry.settings.plugin, isShipped: entry.isShipped)
      plugins[entry.settings.plugin] = plugin
      return plugin
    } catch {
      throw Fault(option: nil, message: "\(entry.settings.plugin) \(error)")
    }
  }

  private static func engine(_ entry: TablePlan.Entry, _ plugin: Plugin, recheck: Duration, _ log: @escaping PluginLog) throws(Fault) -> TableEngine {
    var settings = TableEngine.Settings(name: entry.settings.name, path: entry.table.definition.name.text)
    settings.limit = entry.limit
    settings.recheck = recheck
    settings.limitsLog = !entry.isShipped
    return try engine(entry.settings, settings, plugin, isLenient: entry.isLenient, log)
  }

  /// Has create() make it of these options.
  static func engine(
    _ settings: StageSettings, _ means: TableEngine.Settings, _ plugin: Plugin, isLenient: Bool, _ log: @escaping PluginLog
  ) throws(Fault) -> TableEngine {
    do throws(PluginRefusal) {
      let component = try plugin.component(settings.component, .table)
      var given = settings.options
      if isLenient { given.removeAll { option in !component.options.contains { $0.name == option.name } } }
      let options = ComponentOptions(given, for: component)
      if let problem = options.problems.first {
        throw PluginRefusal.faultyOption(problem.index.map { given[$0].name }, problem.message, problem.hint)
      }
      return try TableEngine(component, means, options: options.options, log: log)
    } catch {
      throw fault(error, settings)
    }
  }

  private static func fault(_ refusal: PluginRefusal, _ settings: StageSettings) -> Fault {
    switch refusal {
    case .faultyOption(let name, let message, let hint):
      Fault(option: settings.options.firstIndex { $0.name == name }, message: message, hint: hint)
    case .create(let reason): Fault(option: settings.option(named: reason), message: reason)
    default: Fault(option: nil, message: "\(settings.plugin) \(refusal)")
    }
  }

  /// In the log as Postfix's programs complain about their tables.
  private func line(_ entry: TablePlan.Entry) -> PluginLog {
    let (log, name) = (log, entry.settings.name)
    return { level, text, _ in
      let line = text.hasPrefix(name) ? text : "\(name): \(text)"
      switch level {
      case .debug, .info: log.info("table", line)
      case .warning: log.warning("table", line)
      case .error: log.error("table", line)
      }
    }
  }
}

extension StageSettings {
  /// Which option a reason of create() begins with the name of.
  func option(named reason: String) -> Int? { options.lastIndex { reason.hasPrefix("\($0.name):") } }
}
