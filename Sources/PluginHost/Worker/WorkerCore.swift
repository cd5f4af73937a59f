// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Runtime
import Synchronization

/// Starts the processes of a stage, buries the dead, and decides when the next may come. Its thread is their parent.
final class WorkerCore: @unchecked Sendable {
  private struct State {
    var processes: [WorkerProcess] = []
    var graves: [Grave] = []
    var desks: [WorkerDesk] = []
    var history = WorkerHistory()
    var nextNumber = 1
    var isStarting = false
    var isStopping = false
    var isOver = false
    var lastRenewal = Instant.distantPast
  }

  private struct Grave: Sendable {
    let process: WorkerProcess
    /// Nil: as its exit status says.
    let reason: String?
    let blame: Blame
    let isQuiet: Bool
    let dug = Instant.now()

    /// Whether all is known that is to be known of its end. A process at the end of the queue for the processor takes its time to end; nobody waits for that.
    var isReady: Bool {
      blame.isKnown || process.running.crash != nil || process.child.ended() != nil || dug + WorkerCore.patience <= .now()
    }
  }

  private static let patience = Duration.seconds(15)
  /// For processes that have done nothing wrong to come to their end.
  private static let courtesy = Duration.seconds(1)

  private enum Task: Sendable {
    case bury(Grave)
    case start
    case stop
  }

  let settings: StageSettings
  let component: ComponentFacts
  let events: StageEvents
  let properties: [String]
  let options: [StageSettings.Option]
  let counters = StageCounters()
  let metrics = PluginMetrics()
  /// Calls since the last death.
  let answered = Atomic<Int>(0)
  /// Nanoseconds that the first calls of a process have used of a processor, of late; 0 while none has answered so many.
  private let usedByFirstCalls = Atomic<Int>(0)
  let log: PluginLog
  let wanted: Int
  private let starter: WorkerStart
  private let state: Monitor<State>
  private let lines = Monitor<(second: UInt64, count: Int)>((0, 0))

  /// Of the log, in a second.
  private static let maximumLines = 200

  /// Kept ready in times of trouble.
  private static let spares = 3
  /// Beyond those that do the work: for as many as are stuck in calls that have not come to their deadline.
  private static let maximumExtra = 64
  private static let renewalInterval = Duration.seconds(10)

  /// The thread that starts the first one goes on to start the others: when it ended, they would.
  static func make(
    _ settings: StageSettings, processes: Int, _ start: WorkerStart, _ log: @escaping PluginLog
  )
    throws(PluginRefusal) -> WorkerCore
  {
    let result = Monitor<Result<WorkerCore, PluginRefusal>?>(nil)
    do {
      try Thread(name: "workers") {
        let made = Result { () throws(PluginRefusal) in WorkerCore(settings, processes, start, try start.start(number: 0), log) }
        result.withLock { $0 = made }
        result.signal()
        if case .success(let core) = made { core.work() }
      }.detach()
    } catch {
      throw .notLoadable("\(error)")
    }
    return try result.wait { $0 }.get()
  }

  private init(
    _ settings: StageSettings, _ processes: Int, _ starter: WorkerStart, _ first: WorkerStart.Started,
    _ log: @escaping PluginLog
  ) {
    self.settings = settings
    wanted = processes
    self.starter = starter
    self.log = log
    component = first.component
    events = first.events
    options = first.options
    // The log wants the queue id.
    properties = first.component.properties.union(["queue.id"]).sorted()
    var state = State()
    state.processes = [first.process]
    self.state = Monitor(state)
  }

  /// For the log.
  func name(of event: StageEvent) -> String { settings.isTable ? "LOOKUP" : event.name }

  private var consequence: String {
    settings.isTable ? "what it was asked then has no answer for now" : "what it was asked then gets on_failure = \(settings.onFailure.rawValue)"
  }

  // MARK: For the desks

  /// What the first calls of a process use of a processor, as far as it is known.
  var firstCalls: Duration? {
    let used = usedByFirstCalls.load(ordering: .relaxed)
    return used == 0 ? nil : .nanoseconds(used)
  }

  func noteFirstCalls(_ used: Duration) {
    let (seconds, attoseconds) = used.components
    guard seconds == 0 else { return }
    let nanoseconds = Int(attoseconds / 1_000_000_000)
    let before = usedByFirstCalls.load(ordering: .relaxed)
    usedByFirstCalls.store(before == 0 ? nanoseconds : (before * 3 + nanoseconds) / 4, ordering: .relaxed)
  }

  func desk(for loop: EventLoop) -> WorkerDesk {
    state.withLock { state in
      if let desk = state.desks.first(where: { $0.loop === loop }) { return desk }
      let desk = WorkerDesk(self, loop, number: state.desks.count + 1)
      state.desks.append(desk)
      return desk
    }
  }

  /// Those that can be given work.
  var available: [WorkerProcess] {
    state.withLock { $0.processes.filter { !$0.isEnding.load(ordering: .relaxed) && !$0.isStuck.load(ordering: .relaxed) } }
  }

  var processIDs: [Int32] { state.withLock { $0.processes.map(\.child.pid) } }

  func isFenced(at now: Instant) -> Bool { state.withLock { $0.history.isFenced(at: now) } }

  /// Ends a process: what it does not answer any more is decided when it is dead.
  func end(_ process: WorkerProcess, reason: String?, blame: Blame, isQuiet: Bool = false) {
    guard process.isEnding.exchange(true, ordering: .acquiringAndReleasing) == false else { return }
    process.child.kill()
    state.withLock { $0.graves.append(Grave(process: process, reason: reason, blame: blame, isQuiet: isQuiet)) }
    state.signal()
  }

  /// A process can be used again, or has nothing to do any more for the one that wants it alone.
  func poke(allBut desk: WorkerDesk) {
    for other in state.withLock({ $0.desks }) where other !== desk { other.gotRoom() }
  }

  /// One call takes its time: others are given to another process.
  func becameStuck(_ process: WorkerProcess) {
    guard process.isStuck.exchange(true, ordering: .acquiringAndReleasing) == false else { return }
    let desks = state.withLock { state -> [WorkerDesk] in
      state.history.hadTrouble(at: .now())
      return state.desks
    }
    state.signal()
    for desk in desks { desk.rescue(process) }
  }

  /// It takes too much: others get the processor, for good, because the kernel lets nobody take that back.
  func retire(_ process: WorkerProcess) {
    guard process.isRetired.exchange(true, ordering: .acquiringAndReleasing) == false else { return }
    process.child.yieldToOthers()
  }

  /// A process that has lost its turn has come back after all. Another takes its place; but not too often, because what it keeps in its memory goes with it.
  func renew(_ process: WorkerProcess) {
    let now = Instant.now()
    let isDue = state.withLock { state in
      guard state.lastRenewal + Self.renewalInterval <= now else { return false }
      state.lastRenewal = now
      return true
    }
    if isDue { end(process, reason: nil, blame: .these([]), isQuiet: true) }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    state.signal()
  }

  /// After `stop`. Bounded, whatever its processes do.
  func waitForEnd() { _ = state.wait(timeout: Self.courtesy * 2) { $0.isOver ? true : nil } }

  // MARK: What a worker tells by the way

  func tell(_ level: UInt32, _ text: String, _ queueID: String?) {
    let isTooMuch = lines.withLock { lines in
      let second = Instant.now().nanoseconds / 1_000_000_000
      if lines.second != second { lines = (second, 0) }
      lines.count += 1
      return lines.count > Self.maximumLines
    }
    if !isTooMuch { log(ComponentInstance.LogLevel(rawValue: level) ?? .info, text.replacing("\n", with: " "), queueID) }
  }

  func count(stale: UInt64, denied: UInt64, _ changes: [WorkerFrame.Metric]) {
    counters.stale.wrappingAdd(Int(clamping: min(stale, 1 << 32)), ordering: .relaxed)
    counters.denied.wrappingAdd(Int(clamping: min(denied, 1 << 32)), ordering: .relaxed)
    for change in changes where change.value.isFinite { metrics.merge(change) }
  }

  // MARK: The thread

  private func work() {
    while true {
      switch nextTask() {
      case .bury(let grave): bury(grave)
      case .start: startOne()
      case .stop: return endAll()
      }
    }
  }

  private func nextTask() -> Task {
    while true {
      let isBurying = state.withLock { !$0.graves.isEmpty }
      let task: Task? = state.wait(timeout: isBurying ? .milliseconds(5) : .milliseconds(500)) { state in
        if state.isStopping { return .stop }
        if let ready = state.graves.firstIndex(where: \.isReady) { return .bury(state.graves.remove(at: ready)) }
        return self.mayStart(state) ? .start : self.surplus(state).map { .bury($0) }
      }
      if let task { return task }
    }
  }

  private func mayStart(_ state: State) -> Bool {
    let now = Instant.now()
    let free = state.processes.filter { !$0.isStuck.load(ordering: .relaxed) && !$0.isEnding.load(ordering: .relaxed) }.count
    let needed = wanted + (state.history.isInTrouble(at: now) ? Self.spares : 0)
    return free < needed && state.processes.count < wanted + Self.maximumExtra && state.history.mayStart(at: now)
  }

  /// One that is not needed any more, now that the trouble is over.
  private func surplus(_ state: State) -> Grave? {
    guard state.processes.count > wanted, !state.history.isInTrouble(at: .now()) else { return nil }
    let free = state.processes.filter { !$0.isStuck.load(ordering: .relaxed) && !$0.isEnding.load(ordering: .relaxed) }
    guard free.count > wanted, let youngest = free.last, !youngest.isEnding.exchange(true, ordering: .acquiringAndReleasing) else { return nil }
    return Grave(process: youngest, reason: nil, blame: .these([]), isQuiet: true)
  }

  private func startOne() {
    let number = state.withLock { state in
      defer { state.nextNumber += 1 }
      return state.nextNumber
    }
    do throws(PluginRefusal) {
      let started = try starter.start(number: number)
      guard started.component == component else { throw .option("the file has changed; 'weir reload' takes the new one") }
      counters.restarts.count()
      let desks = state.withLock { state in
        state.processes.append(started.process)
        return state.desks
      }
      for desk in desks { desk.gotProcess() }
    } catch {
      log(.error, "its worker process cannot be started: \(error)", nil)
      noteDeath(lived: .zero)
    }
  }

  private func bury(_ grave: Grave) {
    let process = grave.process
    if grave.isQuiet {
      process.dismiss()
      _ = process.child.ended(within: Self.courtesy)
    }
    process.child.kill()
    let status = process.running.crash.map { 128 + $0 } ?? process.child.ended() ?? WorkerStart.killed
    let words = grave.reason ?? WorkerStart.words(status)
    let ran = process.running.guilty(endedItself: status != WorkerStart.killed)
    let at = grave.reason == nil ? ran.first?.event.map { " at \(name(of: $0))" } ?? "" : ""
    // Of those that nobody knows anything of, one that was alone must have done it.
    let blame = grave.blame == .whatRan && !ran.isEmpty ? .these(ran.map(\.number)) : grave.blame
    let isAlone = process.calls == 1
    let desks = state.withLock { state -> [WorkerDesk] in
      state.processes.removeAll { $0 === process }
      return state.desks
    }
    if !grave.isQuiet {
      log(
        .error,
        "\(words)\(at) (pid \(process.child.pid)); \(consequence)",
        nil
      )
      noteDeath(lived: .now() - process.began)
    }
    let failure = StageFailure.died(words + at)
    for desk in desks { desk.processDied(process, failure, blame, isAlone: isAlone, isQuiet: grave.isQuiet) }
  }

  private func noteDeath(lived: Duration) {
    let answered = answered.exchange(0, ordering: .relaxed)
    let (note, desks) = state.withLock { state in (state.history.died(at: .now(), answered: answered, lived: lived), state.desks) }
    guard let note else { return }
    log(.error, settings.isTable ? note.replacing("the stage is fenced", with: "the table is fenced") : note, nil)
    for desk in desks { desk.wasFenced() }
  }

  private func endAll() {
    let (processes, graves) = state.withLock { state in
      defer { state.processes = [] }
      return (state.processes, state.graves)
    }
    for process in processes { process.isEnding.load(ordering: .relaxed) ? process.child.kill() : process.dismiss() }
    let deadline = Instant.now() + Self.courtesy
    for process in processes where process.child.ended(within: deadline - .now()) == nil { process.child.kill() }
    for process in processes + graves.map(\.process).filter({ grave in !processes.contains { $0 === grave } }) {
      _ = process.child.ended(within: Self.patience)
    }
    state.withLock { $0.desks }.forEach { $0.stopped() }
    state.withLock { state in
      state.desks = []
      state.isOver = true
    }
    state.signal()
  }
}

/// When a process may be started again, after what became of those before it.
package struct WorkerHistory: Sendable {
  package private(set) var deathsInRow = 0
  private var nextStart = Instant.distantPast
  private var lastTrouble: Instant?
  private var fencedUntil = Instant.distantPast
  private var fence = WorkerHistory.firstFence
  /// Answers that have not been set against a death yet.
  private var credit = 0

  package init() {}

  package static let firstDelay = Duration.milliseconds(100)
  package static let maximumDelay = Duration.seconds(30)
  package static let firstFence = Duration.seconds(30)
  package static let maximumFence = Duration.seconds(600)
  /// So many that did not come to much, one after the other, and the stage is left alone.
  package static let maximumDeaths = 10
  /// So many answers of the stage make up for a death, and a process that has lived so long was of use: the next one starts at once.
  package static let usefulAnswers = 10
  /// Many may die at once, of what came at the same time.
  package static let maximumCredit = 300
  package static let usefulLife = Duration.seconds(60)
  private static let troubleLasts = Duration.seconds(60)

  package mutating func hadTrouble(at now: Instant) { lastTrouble = now }

  /// Whether some processes are kept ready beyond those that work.
  package func isInTrouble(at now: Instant) -> Bool { lastTrouble.map { now <= $0 + Self.troubleLasts } ?? false }

  package func isFenced(at now: Instant) -> Bool { now < fencedUntil }

  package func mayStart(at now: Instant) -> Bool { now >= nextStart && !isFenced(at: now) }

  /// How long the next one has to wait.
  package func delay(at now: Instant) -> Duration { max(nextStart, fencedUntil) - now }

  /// A line for the log when that was one too many. `answered`: by all processes of the stage since the last death.
  package mutating func died(at now: Instant, answered: Int, lived: Duration) -> String? {
    lastTrouble = now
    if answered >= Self.usefulAnswers { credit = min(Self.maximumCredit, credit + answered) }
    if credit >= Self.usefulAnswers || lived >= Self.usefulLife {
      credit = max(0, credit - Self.usefulAnswers)
      deathsInRow = 0
      fence = Self.firstFence
      nextStart = now
      return nil
    }
    deathsInRow += 1
    nextStart = now + min(Self.maximumDelay, Self.firstDelay * (1 << min(deathsInRow - 1, 20)))
    guard deathsInRow >= Self.maximumDeaths else { return nil }
    defer { fence = min(Self.maximumFence, fence * 2) }
    fencedUntil = now + fence
    // It is tried again then; one more death, and it is fenced for longer.
    deathsInRow = Self.maximumDeaths - 1
    nextStart = fencedUntil
    return
      "its process died \(Self.maximumDeaths) times and did nothing useful between: the stage is fenced, and not asked for \(fence.components.seconds) s"
  }
}
