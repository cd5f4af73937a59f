// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Events
import Pipeline
import PluginHost
import Queue
import Runtime
import Settings
import Tables

/// The stages of the mta: loaded once, shared by all listeners and loops.
final class StageAssembly: Sendable {
  let stages: [Stage]
  private let registry = SessionRegistry()
  private let offloads = BlockingPool(name: "offload", threads: 8, queue: 1024)
  private let tables: [String: TableList]
  private let authservID: String

  init(_ setup: Setup, log: Log) throws {
    var stages: [Stage] = []
    var tables: [String: TableList] = [:]
    // Several stages of one file share what it keeps for all of them, and it is there once.
    var plugins: [String: Plugin] = [:]
    let plan = StagePlan(setup)
    if let problem = plan.diagnostics.first { throw StartError(problem.message) }
    // What starts workers as the mta's own user, where that is who they run as.
    let nursery = try Self.nursery(plan, setup)
    let door = setup.workerDoor.map { WorkerDoor($0) } ?? nursery?.door
    for entry in plan.entries {
      let settings = entry.settings
      do {
        let line = Self.logLine(log, entry)
        let made = try Self.make(entry, &plugins, registry, door, nursery, line)
        for option in made.options where made.stage.component.options.contains(where: { $0.name == option.name && $0.kind == .table }) {
          tables[option.value] = try Self.table(option.value, setup, log)
        }
        stages.append(made.stage)
      } catch let error as PluginRefusal {
        throw StartError("stage \(settings.name): \(settings.plugin): \(error)")
      }
    }
    self.stages = stages
    self.tables = tables
    authservID = setup.configuration[Keys.authservId]
  }

  private static func nursery(_ plan: StagePlan, _ setup: Setup) throws -> WorkerNursery? {
    let orders = plan.entries.map(\.settings).filter { $0.mode == .worker }.map { WorkerOrder($0) }
    guard setup.workerDoor == nil, !orders.isEmpty else { return nil }
    return try WorkerNursery(program: Machine.executable, orders: orders)
  }

  /// The stage, and the options that its component has got.
  private static func make(
    _ entry: StagePlan.Entry, _ plugins: inout [String: Plugin], _ registry: SessionRegistry, _ door: WorkerDoor?, _ nursery: WorkerNursery?,
    _ log: @escaping PluginLog
  ) throws(PluginRefusal) -> (stage: Stage, options: [StageSettings.Option]) {
    let settings = entry.settings
    if settings.mode == .worker, let door {
      let fleet = try WorkerFleet(settings, door: door, nursery: nursery, log: log)
      return (Stage(settings, fleet, log: log), fleet.options)
    }
    let plugin: Plugin
    if let known = plugins[settings.plugin] { plugin = known } else { plugin = try Plugin.copied(settings.plugin, isShipped: entry.isShipped) }
    plugins[settings.plugin] = plugin
    let component = try plugin.component(settings.component ?? settings.name)
    let options = ComponentOptions(settings.options, for: component)
    if let problem = options.problems.first { throw .option(problem.message) }
    let instance = try ComponentInstance(
      component, name: settings.name, options: options.options, posts: registry, limitsLog: !entry.isShipped, log: log)
    return (Stage(settings, instance, log: log), options.options)
  }

  /// No session is there any more, nor a loop: the components come to their end. One that has not come back is left alone.
  func end() {
    guard offloads.isIdle else { return }
    for stage in stages { stage.dismiss() }
    for stage in stages { stage.end() }
  }

  /// Nil where no stage is for the listener.
  func chain(for listener: String) -> StageChain? { chain(of: stages.filter { $0.settings.listeners?.contains(listener) ?? true }) }

  /// Of the stages that are told of deliveries.
  var deliveryChain: StageChain? { chain(of: stages.filter { $0.events.has(.delivery) }) }

  private func chain(of own: [Stage]) -> StageChain? {
    if own.isEmpty { return nil }
    return StageChain(own, registry: registry, authservID: authservID, offloads: offloads) { [tables, offloads] name, key in
      await Self.lookUp(name, key, tables, on: offloads)
    }
  }

  private static func lookUp(_ name: String, _ key: [UInt8], _ tables: [String: TableList], on pool: BlockingPool) async -> StageRequest.Answer {
    guard let table = tables[name] else { return .failed(-6) }
    let key = String(decoding: key, as: UTF8.self)
    let (found, hasFailed) = await Lookups.resolve { table.value(for: key) }
    guard let value = found else { return .failed(hasFailed || table.isFailing ? -2 : -1) }
    return .items([("", Array(value.utf8))], isSecure: false, ttl: 0)
  }

  private static func table(_ name: String, _ setup: Setup, _ log: Log) throws -> TableList? {
    guard let reference = TableReference(LocatedText(name: name, text: name)) else { return nil }
    let list = TableList.read([reference], files: LinuxFiles(insistsOnRoot: false), externals: PluginTables()).list
    let configuration = setup.configuration
    try TableOpener(log: log).open(
      TablePlan(list.externals, directory: configuration[Keys.pluginDirectory], limit: configuration[Keys.tableLookupTimeout]))
    return list
  }

  /// What comes with Weir says of a message what Postfix's cleanup(8) says, in its words and under its name, for programs that read the log. In shadow nothing of it has
  /// happened, so that it must not look as if.
  private static func logLine(_ log: Log, _ entry: StagePlan.Entry) -> PluginLog {
    let (stage, isShadow) = (entry.settings.name, entry.settings.isShadow)
    let speaksAsPostfix = entry.isShipped && !isShadow
    return { level, text, queueID in
      let severity: Severity =
        switch level {
        case .debug, .info: .info
        case .warning: .warning
        case .error: .error
        }
      let id = queueID.flatMap { QueueID($0) }
      let isPostfix = speaksAsPostfix && id != nil
      let line = isShadow && !text.hasPrefix("shadow: ") ? "shadow: \(text)" : text
      log.event(Event(isPostfix ? "cleanup" : "stage", .text(isPostfix ? text : "\(stage): \(line)"), severity: severity, queueID: id))
    }
  }
}
