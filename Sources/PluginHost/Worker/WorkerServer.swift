// SPDX-License-Identifier: Apache-2.0
import CPluginHost
import Pipeline
import Runtime

/// The process in which a plugin runs that the mta does not trust. It finds the control socket as descriptor 3 and a page for marks as 4.
///
/// It has the same engine as the mta: the same seat asks the same context; only what a session would know comes in frames.
package final class WorkerServer {
  let loop: EventLoop
  let stage: Stage
  let instance: ComponentInstance
  let registry: SessionRegistry
  let offloads: BlockingPool
  /// Where the component is a table.
  let table: TableEngine?
  private let logs: WorkerLog
  private var connections: [WorkerConnection] = []
  private var lastCounted = Instant.distantPast
  private var told = (stale: 0, denied: 0)

  private static let controlDescriptor: Int32 = 3
  private static let pageDescriptor: Int32 = 4
  private static let lastWords = Duration.milliseconds(20)
  private static let offloadThreads = 8
  private static let offloadQueue = 1024
  /// The seat in the mta waits no longer than the timeout of the stage, and then ends this process.
  static let patience = Duration.seconds(86_400)

  /// The whole life of the process, which its keeper has forked; its exit status.
  static func run(named name: String, _ filters: SystemCallFilters) -> Int32 {
    do {
      Machine.callProcess("w:\(name)")
      try Signal.blockAll()
      try Sandbox.begin(parent: Machine.parent)
      Terminal.detachInput()
      let control = WorkerControl(controlDescriptor)
      let server = try start(control, filters)
      guard let server else { return 0 }
      try server.serve(control)
      return 0
    } catch {
      Terminal.writeError("weir: worker: \(error)\n")
      return 71
    }
  }

  private static func start(_ control: WorkerControl, _ filters: SystemCallFilters) throws -> WorkerServer? {
    guard case .load(let order) = try control.receive() else { throw FrameError("'weir worker' is for the mta to use") }
    let page = cpluginhost_page_map(pageDescriptor)
    closeDescriptor(pageDescriptor)
    for lack in try Sandbox(order).enter(filters) { try control.send(.unprotected(lack)) }
    if let page { cpluginhost_note_crashes(page) }
    do {
      let plugin = try Plugin(path: order.plugin)
      try control.send(.loaded(plugin.facts))
      guard case .create(let name, let options) = try control.receive() else { throw FrameError("create was expected") }
      let registry = SessionRegistry()
      let logs = WorkerLog()
      if let page { cpluginhost_mark(page, .max, StageEvent.connect.rawValue) }
      let (instance, table) = try make(order, try plugin.component(name, order.isTable ? .table : .stage), options, registry, logs, page)
      if let page { cpluginhost_unmark(page) }
      instance.marks = page
      let server = try WorkerServer(order, instance, table, registry, logs)
      logs.flush { try? control.send(.log(level: $0.rawValue, $1, queueID: $2)) }
      try control.send(.ready(instance.events))
      return server
    } catch let refusal as PluginRefusal {
      try control.send(.refused(refusal.description))
      return nil
    }
  }

  /// create()
  private static func make(
    _ order: WorkerOrder, _ component: Component, _ options: [StageSettings.Option], _ registry: SessionRegistry, _ logs: WorkerLog,
    _ page: UnsafeMutableRawPointer?
  ) throws(PluginRefusal) -> (ComponentInstance, TableEngine?) {
    guard order.isTable else {
      return (try ComponentInstance(component, name: order.stage, options: options, posts: registry) { logs.note($0, $1, $2) }, nil)
    }
    var settings = TableEngine.Settings(name: order.stage, path: String(order.stage.drop { $0 != ":" }.dropFirst()))
    settings.limit = .milliseconds(order.timeout)
    let table = try TableEngine(component, settings, options: options, marks: page) { logs.note($0, $1, $2) }
    return (table.instance, table)
  }

  init(_ order: WorkerOrder, _ instance: ComponentInstance, _ table: TableEngine?, _ registry: SessionRegistry, _ logs: WorkerLog) throws {
    self.table = table
    loop = try EventLoop()
    var settings = StageSettings(name: order.stage, plugin: order.plugin)
    settings.timeout = order.timeout
    stage = Stage(settings, instance) { logs.note($0, $1, $2) }
    self.instance = instance
    self.registry = registry
    self.logs = logs
    offloads = BlockingPool(name: "offload", threads: Self.offloadThreads, queue: Self.offloadQueue)
  }

  private func serve(_ control: WorkerControl) throws {
    nonisolated(unsafe) let server = self
    let channel = PacketChannel(control.descriptor, on: loop, limit: HostFrame.maximumSize)
    try channel.start(
      received: { bytes, descriptor in
        guard case .connect = try? HostFrame(decoding: bytes), let descriptor else { return closeDescriptor(descriptor ?? -1) }
        server.connect(descriptor)
      },
      ended: { server.dismissed() })
    logs.wake = { [loop] in loop.spawn { server.flushLogs() } }
    loop.run()
  }

  func connect(_ descriptor: Int32) {
    guard let connection = try? WorkerConnection(descriptor, self) else { return }
    connections.append(connection)
    flushLogs()
  }

  /// The mta wants no more of it. What has been sent before is still heard.
  private func dismissed() {
    nonisolated(unsafe) let server = self
    let timer = loop.timer { server.end() }
    loop.arm(timer, at: loop.now + Self.lastWords)
  }

  /// As in the mta, unless a call has not come back.
  private func end() {
    for connection in connections { connection.endSessions() }
    let isBusy = (0..<Int32(CPLUGINHOST_FOREIGN)).contains { cpluginhost_running(instance.marks, $0).call != 0 }
    if !isBusy { instance.end() }
    flushLogs()
    Machine.exit(0)
  }

  func ended(_ connection: WorkerConnection) { connections.removeAll { $0 === connection } }

  // MARK: What is told by the way

  private func flushLogs() {
    guard let first = connections.first else { return }
    logs.flush { first.send(.log(level: $0.rawValue, $1, queueID: $2)) }
  }

  /// What was counted: mistakes at once, the component's own figures once a second.
  func tellCounts(_ connection: WorkerConnection) {
    let now = (stale: instance.counters.stale.now, denied: instance.counters.denied.now)
    let isDue = lastCounted + .seconds(1) <= loop.now
    guard now != told || isDue else { return }
    lastCounted = loop.now
    let metrics = isDue ? instance.metrics.takeChanges() : []
    guard now != told || !metrics.isEmpty else { return }
    connection.send(.counted(stale: UInt64(now.stale - told.stale), denied: UInt64(now.denied - told.denied), metrics: metrics))
    told = now
  }
}

/// The socket on which a worker is told what to be, before it has a loop.
final class WorkerControl {
  let descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func receive() throws -> HostFrame {
    guard let packet = try PacketSocket.receive(from: descriptor, limit: HostFrame.maximumSize, timeout: .seconds(86_400)) else {
      throw FrameError("nothing came")
    }
    return try packet.bytes.withUnsafeBytes { try HostFrame(decoding: $0) }
  }

  func send(_ frame: WorkerFrame) throws { _ = try PacketSocket.send(frame.encoded, to: descriptor, timeout: .seconds(60)) }
}

/// Lines for the log on their way to the mta; any thread of the plugin may write some.
final class WorkerLog: Sendable {
  private struct Lines {
    var lines: [(ComponentInstance.LogLevel, String, String?)] = []
    var lost = 0
  }

  private let lines = Monitor(Lines())
  private static let maximum = 200
  nonisolated(unsafe) var wake: (@Sendable () -> Void)?

  func note(_ level: ComponentInstance.LogLevel, _ text: String, _ queueID: String?) {
    let mustWake = lines.withLock { lines in
      guard lines.lines.count < Self.maximum else {
        lines.lost += 1
        return false
      }
      lines.lines.append((level, text, queueID))
      return lines.lines.count == 1
    }
    if mustWake { wake?() }
  }

  func flush(_ send: (ComponentInstance.LogLevel, String, String?) -> Void) {
    let taken = lines.withLock { lines in
      defer { lines = Lines() }
      return lines
    }
    for (level, text, queueID) in taken.lines { send(level, text, queueID) }
    if taken.lost > 0 { send(.warning, "\(taken.lost) more lines came too fast and are lost", nil) }
  }
}

extension Sandbox {
  init(_ order: WorkerOrder) {
    self.init()
    readable = [order.plugin] + order.readablePaths
    writable = order.writablePaths
    mayUseNetwork = order.mayUseNetwork
    memory = order.memory
    descriptors = order.descriptors
  }
}

extension Plugin {
  /// As values.
  package var facts: PluginFacts {
    var facts = PluginFacts()
    facts.id = id
    facts.version = version
    facts.components = components.map(\.facts)
    facts.refused = refused.map(\.description)
    return facts
  }
}
