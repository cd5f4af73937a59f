// SPDX-License-Identifier: Apache-2.0
import CLinux
import Synchronization

/// One thread that waits in epoll and runs the tasks pinned to it.
///
/// A task started by `spawn` prefers this executor, so that all its code between two suspensions, and all non-isolated
/// async code it calls, runs on the loop's thread: loop-owned objects need no locks. Nothing on it may block.
package final class EventLoop: TaskExecutor, @unchecked Sendable {
  /// What other threads may touch.
  private struct Remote {
    var jobs: [UnownedJob] = []
    var signalled = false
    var stopping = false
  }

  private let epoll: Int32
  private let wakeup: Int32
  // Not Synchronization.Mutex: its slow path is in a library that ThreadSanitizer cannot see into, so it would report what is no race.
  private let remote = Monitor(Remote())
  private let tasks = Atomic<Int>(0)

  // Owned by the loop's thread.
  private var ready: [UnownedJob] = []
  private var running: [UnownedJob] = []
  private var timers = TimerHeap()
  private var watches = WatchTable()
  private var parting: [SocketStream] = []
  /// Tasks that go on in the next turn.
  private var yielded: [UnsafeContinuation<Void, Never>] = []
  /// Tasks that let all others go first, and for how many turns they have.
  private var patient: [UnsafeContinuation<Void, Never>] = []
  private var busyTurns = 0
  private let events = UnsafeMutablePointer<clinux_event>.allocate(capacity: EventLoop.eventsPerTurn)
  /// The time at which this turn of the loop began.
  package private(set) var now = Instant.now()
  /// One receive buffer for all streams of the loop: an idle stream holds no memory for input.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: EventLoop.scratchSize, alignment: 16)

  private static let eventsPerTurn = 256
  package static let scratchSize = 64 * 1024
  private static let wakeupToken = UInt64.max
  /// A reply waits for no more of other people's work.
  private static let jobsBetweenPartings = 32
  /// A loop that is never idle comes to what is patient after so many turns.
  private static let patience = 16

  package init() throws(SystemError) {
    epoll = try SystemError.check(clinux_epoll_create(), "epoll_create1")
    wakeup = try SystemError.check(clinux_eventfd(), "eventfd")
    _ = try SystemError.check(clinux_epoll_add(epoll, wakeup, EventLoop.wakeupToken), "epoll_ctl")
  }

  deinit {
    closeDescriptor(epoll)
    closeDescriptor(wakeup)
    events.deallocate()
    scratch.deallocate()
  }

  // MARK: Executor

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      ready.append(job)
      return
    }
    let mustSignal = remote.withLock { remote in
      remote.jobs.append(job)
      defer { remote.signalled = true }
      return !remote.signalled
    }
    if mustSignal { _ = clinux_eventfd_signal(wakeup) }
  }

  package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

  /// That of the calling thread; nil if it is none's.
  package static var current: EventLoop? { clinux_current().map { Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue() } }

  /// Whether the caller runs on this loop's thread.
  package var isCurrent: Bool { clinux_current() == Unmanaged.passUnretained(self).toOpaque() }

  // MARK: Tasks

  /// Starts a task on this loop. May be called from any thread.
  package func spawn(_ body: sending @escaping () async -> Void) {
    tasks.wrappingAdd(1, ordering: .relaxed)
    Task(executorPreference: self) {
      await body()
      self.tasks.wrappingSubtract(1, ordering: .releasing)
    }
  }

  /// Tasks begun by `spawn` that have not ended; zero at the end of every test.
  package var liveTasks: Int { tasks.load(ordering: .acquiring) }

  /// Lets the other tasks of this loop run; the caller goes on in the next turn.
  package func yield() async {
    // One that is resumed at once is not suspended at all.
    await withUnsafeContinuation { yielded.append($0) }
  }

  /// Lets all other work of this loop go first: the caller goes on after a turn that had nothing to do, or after many turns.
  package func leisure() async {
    await withUnsafeContinuation { patient.append($0) }
  }

  // MARK: Running

  /// Runs on the calling thread until `stop`.
  package func run() {
    clinux_set_current(Unmanaged.passUnretained(self).toOpaque())
    defer { clinux_set_current(nil) }
    repeat { turn() } while !isStopping
  }

  /// Ends `run` after the turn it is in. May be called from any thread.
  package func stop() {
    remote.withLock { $0.stopping = true }
    _ = clinux_eventfd_signal(wakeup)
  }

  private var isStopping: Bool { remote.withLock { $0.stopping } }

  private func turn() {
    takeRemoteJobs()
    Self.resume(&yielded)
    let hadJobs = !ready.isEmpty
    runReadyJobs()
    let hadEvents = waitForEvents()
    now = Instant.now()
    while let timer = timers.popDue(at: now) { timer.fire() }
    if !patient.isEmpty { resumePatient(wasBusy: hadJobs || hadEvents || !ready.isEmpty) }
  }

  private func resumePatient(wasBusy: Bool) {
    busyTurns += 1
    guard !wasBusy || busyTurns >= Self.patience else { return }
    busyTurns = 0
    Self.resume(&patient)
  }

  /// Each becomes a job that is ready.
  private static func resume(_ suspended: inout [UnsafeContinuation<Void, Never>]) {
    if suspended.isEmpty { return }
    for continuation in suspended { continuation.resume() }
    suspended.removeAll(keepingCapacity: true)
  }

  private func takeRemoteJobs() {
    remote.withLock { remote in
      remote.signalled = false
      if remote.jobs.isEmpty { return }
      ready.append(contentsOf: remote.jobs)
      remote.jobs.removeAll(keepingCapacity: true)
    }
  }

  /// Runs the jobs that are ready now; those that they make ready come in the next turn, after a look at epoll.
  private func runReadyJobs() {
    swap(&ready, &running)
    let executor = asUnownedTaskExecutor()
    for (index, job) in running.enumerated() {
      job.runSynchronously(on: executor)
      if index % Self.jobsBetweenPartings == Self.jobsBetweenPartings - 1 { sendParting() }
    }
    running.removeAll(keepingCapacity: true)
    sendParting()
  }

  /// What a stream has been given to send leaves soon, together with what others have been given.
  func atEndOfTurn(_ stream: SocketStream) { parting.append(stream) }

  private func sendParting() {
    for stream in parting { stream.sendParting() }
    parting.removeAll(keepingCapacity: true)
  }

  /// Whether there were any.
  private func waitForEvents() -> Bool {
    let count = clinux_epoll_wait(epoll, events, Int32(EventLoop.eventsPerTurn), timeoutInMilliseconds)
    guard count > 0 else { return false }
    for event in UnsafeBufferPointer(start: events, count: Int(count)) {
      if event.data == EventLoop.wakeupToken {
        _ = clinux_eventfd_drain(wakeup)
      } else {
        watches[event.data]?.becameReady(Readiness(rawValue: event.events))
      }
    }
    return true
  }

  private var timeoutInMilliseconds: Int32 {
    if !ready.isEmpty || !yielded.isEmpty || !patient.isEmpty { return 0 }
    let next = timers.next
    if next == .never { return -1 }
    let wait = next.nanoseconds > now.nanoseconds ? next.nanoseconds - now.nanoseconds : 0
    return Int32(clamping: (wait + 999_999) / 1_000_000)
  }

  // MARK: For streams and listeners, on the loop's thread

  func watch(_ descriptor: Int32, _ watcher: any Watcher) throws(SystemError) -> UInt64 {
    let token = watches.insert(watcher)
    let result = clinux_epoll_add(epoll, descriptor, token)
    if result < 0 { watches.remove(token) }
    _ = try SystemError.check(result, "epoll_ctl")
    return token
  }

  func watchListener(_ descriptor: Int32, _ watcher: any Watcher) throws(SystemError) -> UInt64 {
    let token = watches.insert(watcher)
    let result = clinux_epoll_add_listener(epoll, descriptor, token)
    if result < 0 { watches.remove(token) }
    _ = try SystemError.check(result, "epoll_ctl")
    return token
  }

  /// Forgets the watcher. Call it before the descriptor is closed.
  func unwatch(_ token: UInt64, _ descriptor: Int32) {
    watches.remove(token)
    _ = clinux_epoll_remove(epoll, descriptor)
  }

  package func timer(_ fire: @escaping () -> Void) -> LoopTimer { LoopTimer(fire: fire) }
  package func arm(_ timer: LoopTimer, at deadline: Instant) { timers.arm(timer, at: deadline) }
  package func disarm(_ timer: LoopTimer) { timers.disarm(timer) }
  package func remove(_ timer: LoopTimer) { timers.remove(timer) }

  /// Suspends the calling task, which runs on this loop, until `deadline`.
  package func sleep(until deadline: Instant) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      timers.arm(LoopTimer { continuation.resume() }, at: deadline)
    }
  }
}
