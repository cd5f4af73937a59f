// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime

/// An open table: the instance of its component, and the threads on which it is asked.
package final class TableEngine: TableSource {
  package struct Settings: Sendable {
    /// `sqlite:/etc/weir/users.cf`
    package let name: String
    package let path: String
    package var limit = Duration.seconds(10)
    /// How often an instance may be asked whether it has grown old.
    package var recheck = Duration.seconds(5)
    package var limitsLog = true

    package init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  private struct State {
    var instance: ComponentInstance
    var nextCheck: Instant
  }

  private let state: Monitor<State>
  private let component: Component
  private let options: [StageSettings.Option]
  private let settings: Settings
  private let log: PluginLog
  private let desk: TableDesk
  private let circuit = Circuit()
  /// In a worker: where to say which call runs.
  nonisolated(unsafe) private let marks: UnsafeMutableRawPointer?
  package let takesParts: Bool
  package let keepsCase: Bool

  private static let threads = 8
  private static let queue = 256

  /// Calls create(). `options` are checked, with defaults filled in.
  package convenience init(_ component: Component, _ settings: Settings, options: [StageSettings.Option], log: @escaping PluginLog)
    throws(PluginRefusal)
  {
    try self.init(component, settings, options: options, marks: nil, log: log)
  }

  init(
    _ component: Component, _ settings: Settings, options: [StageSettings.Option], marks: UnsafeMutableRawPointer?, log: @escaping PluginLog
  ) throws(PluginRefusal) {
    self.marks = marks
    self.component = component
    self.options = options
    self.settings = settings
    self.log = log
    desk = TableDesk(name: settings.name, threads: component.isSerial ? 1 : Self.threads, queue: Self.queue)
    let instance = try Self.instance(component, settings, options, desk, log)
    instance.marks = marks
    guard TableEvents(rawValue: instance.events.rawValue).contains(.lookUp) else { throw .component(component.name, "does not ask for LOOKUP") }
    takesParts = TableEvents(rawValue: instance.events.rawValue).contains(.parts)
    keepsCase = component.keepsCase
    state = Monitor(State(instance: instance, nextCheck: .now() + settings.recheck))
  }

  deinit { desk.stop() }

  private static func instance(
    _ component: Component, _ settings: Settings, _ options: [StageSettings.Option], _ desk: TableDesk, _ log: @escaping PluginLog
  ) throws(PluginRefusal) -> ComponentInstance {
    try ComponentInstance(component, name: settings.name, options: options, posts: desk, limitsLog: settings.limitsLog, log: log)
  }

  package var limit: Duration { settings.limit }

  // MARK: Asking

  /// `completion` is called once, on some thread; nil if it has been already. Who waits no longer says `abandon`.
  package func begin(_ key: [UInt8], _ completion: @escaping @Sendable (TableAnswer) -> Void) -> TableCall? { begin(key, mark: .max, completion) }

  /// `mark`: as which call, in a worker.
  func begin(_ key: [UInt8], mark: UInt64, _ completion: @escaping @Sendable (TableAnswer) -> Void) -> TableCall? {
    guard circuit.isClosed(at: .now()) else {
      completion(.failure(.stuck))
      return nil
    }
    let call = TableCall(desk, completion)
    let budget = UInt32(clamping: limit / .milliseconds(1))
    let isTaken = desk.pool.submit { [self] in
      call.run(.lookUp, of: current(), name: settings.path, value: key, budget: budget, mark: mark)
      circuit.recovered()
    }
    if isTaken { return call }
    completion(.failure(.crowded))
    return nil
  }

  /// The time is over. Where every thread is held up, nobody is sent to them for a while.
  package func late() -> TableAnswer {
    if desk.isHeldUp { circuit.trip(at: .now()) }
    return .failure(.timedOut(limit))
  }

  /// Failures go to the log, once a minute. What the table says itself, its plugin has told.
  package func told(_ answer: TableAnswer) -> TableAnswer {
    guard case .failure(let failure) = answer, let unsaid = circuit.mayTell(at: .now()) else { return answer }
    let more = unsaid == 0 ? "" : " (and \(unsaid) more failures since the last such line)"
    log(.warning, "\(settings.name): table lookup problem: \(failure)\(more)", nil)
    return answer
  }

  // MARK: The instance

  /// That which was made last.
  var instance: ComponentInstance { state.withLock { $0.instance } }

  /// That which answers from now on. On a thread of the pool.
  private func current() -> ComponentInstance {
    let now = Instant.now()
    let (instance, mustCheck) = state.withLock { state -> (ComponentInstance, Bool) in
      let isDue = state.nextCheck <= now && TableEvents(rawValue: state.instance.events.rawValue).contains(.changed)
      if isDue { state.nextCheck = now + settings.recheck }
      return (state.instance, isDue)
    }
    return mustCheck ? renewed(instance) : instance
  }

  private func renewed(_ old: ComponentInstance) -> ComponentInstance {
    let box = Monitor<TableAnswer?>(nil)
    let call = TableCall(desk) { answer in box.withLock { $0 = answer } }
    call.run(.changed, of: old, name: settings.path, value: [], budget: 0)
    call.abandon()
    guard case .value = box.withLock({ $0 }) else { return old }
    do throws(PluginRefusal) {
      let new = try Self.instance(component, settings, options, desk, log)
      new.marks = marks
      state.withLock { $0.instance = new }
      return new
    } catch {
      log(.error, "\(settings.name): it says that it has changed, and cannot be made anew: \(error)", nil)
      return old
    }
  }
}

extension UInt32 {
  fileprivate init(clamping value: Double) { self = value >= 4e9 ? .max : value <= 0 ? 0 : UInt32(value) }
}

/// What a table can be called for. The numbers are those of include/weir/table.h.
package struct TableEvents: OptionSet, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static let lookUp = TableEvents(rawValue: 1 << 0)
  package static let parts = TableEvents(rawValue: 1 << 1)
  package static let changed = TableEvents(rawValue: 1 << 2)
}
