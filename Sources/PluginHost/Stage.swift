// SPDX-License-Identifier: Apache-2.0
import Names
import Pipeline
import Runtime
import Synchronization

/// A `stage NAME { }` as it runs: the same for all sessions of the process.
package final class Stage: Sendable {
  package let settings: StageSettings
  package let component: ComponentFacts
  package let engine: Engine
  /// What it wants to be called for.
  package let events: StageEvents
  let contentEvents: StageEvents
  package let counters: StageCounters
  let log: PluginLog
  let circuit = Circuit()

  package enum Engine: Sendable {
    /// `pool`: for components that may block.
    case inProcess(ComponentInstance, pool: BlockingPool?)
    case worker(WorkerFleet)
  }

  package static let blockingThreads = 8
  private static let blockingQueue = 256

  package init(_ settings: StageSettings, _ instance: ComponentInstance, log: @escaping PluginLog) {
    self.settings = settings
    component = instance.component.facts
    events = instance.events
    contentEvents = events.intersection(.content)
    counters = instance.counters
    self.log = log
    let pool =
      instance.component.facts.isBlocking
      ? BlockingPool(name: settings.name, threads: instance.component.facts.isSerial ? 1 : Self.blockingThreads, queue: Self.blockingQueue) : nil
    engine = .inProcess(instance, pool: pool)
  }

  /// With the component in processes of its own; `fleet` has started.
  package init(_ settings: StageSettings, _ fleet: WorkerFleet, log: @escaping PluginLog) {
    self.settings = settings
    component = fleet.component
    events = fleet.events
    contentEvents = events.intersection(.content)
    counters = fleet.counters
    self.log = log
    engine = .worker(fleet)
  }

  /// Its worker processes are told to end.
  package func dismiss() { if case .worker(let fleet) = engine { fleet.core.stop() } }

  /// destroy(), here or in the worker processes, which has come back when this does; or they were killed.
  package func end() {
    switch engine {
    case .inProcess(let instance, let pool): if pool?.isIdle ?? true { instance.end() }
    case .worker(let fleet): fleet.core.waitForEnd()
    }
  }

  /// As `weir plugins` shows it.
  package var stateName: String {
    if case .worker(let fleet) = engine, fleet.isFenced { return "fenced" }
    return circuit.isClosed(at: .now()) ? "ok" : "stuck"
  }

  /// A failure is counted each time, and told once a minute.
  func failed(_ failure: StageFailure, at event: StageEvent) {
    counters.failures.count()
    if case .timedOut = failure { counters.timeouts.count() }
    guard let unsaid = circuit.mayTell(at: .now()) else { return }
    let more = unsaid == 0 ? "" : " (and \(unsaid) more failures since the last such line)"
    log(.error, "\(event.name): \(failure); on_failure = \(settings.onFailure.rawValue)\(more)", nil)
  }
}

/// Keeps a stage that does not answer from being asked by everybody, and the log from being filled by it.
final class Circuit: Sendable {
  private struct State {
    var openUntil = Instant.distantPast
    var delay = Circuit.firstDelay
    var lastTold = Instant.distantPast
    var hasTold = false
    var untold = 0
  }

  private let state = Monitor(State())
  /// Whether it has tripped since it last recovered: nearly always not, and then no lock is taken.
  private let hasTripped = Atomic(false)
  private static let firstDelay = Duration.seconds(1)
  private static let maximumDelay = Duration.seconds(60)
  private static let tellingInterval = Duration.seconds(60)

  /// Whether the stage may be asked now.
  func isClosed(at now: @autoclosure () -> Instant) -> Bool {
    guard hasTripped.load(ordering: .acquiring) else { return true }
    let now = now()
    return state.withLock { $0.openUntil <= now }
  }

  /// All its threads are stuck: it is left alone for a while, for twice as long the next time.
  func trip(at now: Instant) {
    hasTripped.store(true, ordering: .releasing)
    state.withLock { state in
      guard state.openUntil <= now else { return }
      state.openUntil = now + state.delay
      state.delay = min(Self.maximumDelay, state.delay * 2)
    }
  }

  func recovered() { state.withLock { $0.delay = Self.firstDelay } }

  /// How many failures went untold since the last line; nil when it is too early for another.
  func mayTell(at now: Instant) -> Int? {
    state.withLock { state in
      guard !state.hasTold || state.lastTold + Self.tellingInterval <= now else {
        state.untold += 1
        return nil
      }
      state.hasTold = true
      state.lastTold = now
      defer { state.untold = 0 }
      return state.untold
    }
  }
}
