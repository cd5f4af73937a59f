// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// The worker processes of one stage. They end when this goes.
package final class WorkerFleet: Sendable {
  let core: WorkerCore

  package struct Limits: Sendable {
    /// How many do the work; some more are kept ready for a while after one has died.
    package var processes = 1
    /// Bytes of address space, beyond those of an empty worker.
    package var memory = 256 << 20
    package var mayUseNetwork = false
    package var readablePaths: [String] = []
    package var writablePaths: [String] = []

    package init() {}
  }

  /// Starts the first one and waits until it is there. `program`: this program, which has the subcommand `worker`. `choose` is called on another thread.
  package convenience init(
    _ settings: StageSettings, limits: Limits = Limits(), program: String,
    choose: @escaping @Sendable (PluginFacts) throws(PluginRefusal) -> (component: String, options: [StageSettings.Option]),
    log: @escaping PluginLog
  ) throws(PluginRefusal) {
    var order = WorkerOrder(stage: settings.name, plugin: settings.plugin)
    order.timeout = settings.timeout
    order.memory = limits.memory
    order.mayUseNetwork = limits.mayUseNetwork
    order.readablePaths = limits.readablePaths
    order.writablePaths = limits.writablePaths
    let nursery = try WorkerNursery(program: program, orders: [order])
    let start = WorkerStart(stage: settings.name, door: nursery.door, nursery: nursery, choose: choose, log: log)
    try self.init(settings, limits.processes, start)
  }

  /// With the component and options that the settings say. `door`: where the keeper is asked that has an order for this stage; `nursery`: to which it leads, if it
  /// leads to one.
  package convenience init(_ settings: StageSettings, door: WorkerDoor, nursery: WorkerNursery? = nil, log: @escaping PluginLog) throws(PluginRefusal)
  {
    let start = WorkerStart(
      stage: settings.name, door: door, nursery: nursery,
      choose: { facts throws(PluginRefusal) in
        let component = try facts.component(settings.component ?? settings.name)
        let options = ComponentOptions(settings.options, for: component)
        if let problem = options.problems.first { throw .option(problem.message) }
        return (component.name, options.options)
      }, log: log)
    try self.init(settings, settings.processes, start)
  }

  /// The same, of a table. `isLenient`: options that it has not are left out.
  package convenience init(table settings: StageSettings, isLenient: Bool, door: WorkerDoor, nursery: WorkerNursery?, log: @escaping PluginLog)
    throws(PluginRefusal)
  {
    let start = WorkerStart(
      stage: settings.name, door: door, nursery: nursery,
      choose: { facts throws(PluginRefusal) in
        var tables = facts
        tables.components.removeAll { $0.kind != .table }
        let component = try tables.component(settings.component ?? settings.name)
        var given = settings.options
        if isLenient { given.removeAll { option in !component.options.contains { $0.name == option.name } } }
        let options = ComponentOptions(given, for: component)
        if let problem = options.problems.first {
          throw .faultyOption(problem.index.map { given[$0].name }, problem.message, problem.hint)
        }
        return (component.name, options.options)
      }, log: log)
    try self.init(settings, settings.processes, start)
  }

  private init(_ settings: StageSettings, _ processes: Int, _ start: WorkerStart) throws(PluginRefusal) {
    core = try WorkerCore.make(settings, processes: max(1, processes), start, start.log)
  }

  deinit { core.stop() }

  package var options: [StageSettings.Option] { core.options }

  package var component: ComponentFacts { core.component }
  package var events: StageEvents { core.events }
  package var counters: StageCounters { core.counters }
  package var metrics: [(name: String, value: Double)] { core.metrics.all }
  /// The processes that live now.
  package var processIDs: [Int32] { core.processIDs }
  package var isFenced: Bool { core.isFenced(at: .now()) }

  /// What a plugin says of itself, found out in a process that is thrown away.
  package static func facts(of plugin: String, program: String) throws(PluginRefusal) -> PluginFacts {
    let found = Monitor<PluginFacts?>(nil)
    let nursery = try WorkerNursery(program: program, orders: [WorkerOrder(stage: "check", plugin: plugin)])
    let start = WorkerStart(
      stage: "check", door: nursery.door, nursery: nursery,
      choose: { facts throws(PluginRefusal) in
        found.withLock { $0 = facts }
        throw .option("only looked at")
      }, log: { _, _, _ in })
    do {
      _ = try start.start(number: 0)
    } catch {
      guard let facts = found.withLock({ $0 }) else { throw error }
      return facts
    }
    throw .noDescriptor
  }

  /// Whether an instance can be made with these options: create() is called in a process that is thrown away.
  package static func check(
    _ settings: StageSettings, limits: Limits = Limits(), program: String,
    choose: @escaping @Sendable (PluginFacts) throws(PluginRefusal) -> (component: String, options: [StageSettings.Option])
  ) throws(PluginRefusal) {
    _ = try WorkerFleet(settings, limits: limits, program: program, choose: choose, log: { _, _, _ in })
  }
}

extension PluginFacts {
  /// The component that a stage means: the one of that name, or the only one there is.
  func component(_ name: String) throws(PluginRefusal) -> ComponentFacts {
    if let found = components.first(where: { $0.name == name }) { return found }
    if components.count == 1, let only = components.first { return only }
    throw .ambiguous(components.map(\.name))
  }
}
