// SPDX-License-Identifier: Apache-2.0
import Runtime
import Synchronization

/// The twin of `EventLoop` for tests: jobs run when the test says so, on its thread, and the clock stands still until it is moved.
package final class EmbeddedLoop: TaskExecutor, Sendable {
  private struct State {
    var jobs: [UnownedJob] = []
    var now = Instant(nanoseconds: 1_000_000_000)
    var sleepers: [(deadline: Instant, order: Int, wake: @Sendable () -> Void)] = []
    var count = 0
    var live = 0
  }

  private let state = Mutex(State())

  package init() {}

  package var now: Instant { state.withLock { $0.now } }

  /// Tasks that have not ended; zero at the end of every test.
  package var liveTasks: Int { state.withLock { $0.live } }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
  }

  package func spawn(_ body: sending @escaping () async -> Void) {
    state.withLock { $0.live += 1 }
    Task(executorPreference: self) {
      await body()
      self.state.withLock { $0.live -= 1 }
    }
  }

  /// Runs what is ready, and what that makes ready, until nothing is. Answers whether anything ran.
  @discardableResult
  package func runUntilIdle() -> Bool {
    var ran = false
    while true {
      let jobs = state.withLock { state in
        defer { state.jobs = [] }
        return state.jobs
      }
      if jobs.isEmpty { return ran }
      ran = true
      for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }

  /// Moves the clock, wakes whoever is due, in order, and runs until idle.
  package func advance(by duration: Duration) {
    let target = now + duration
    runUntilIdle()
    while let wake = nextSleeper(until: target) {
      wake()
      runUntilIdle()
    }
    state.withLock { $0.now = target }
  }

  private func nextSleeper(until target: Instant) -> (@Sendable () -> Void)? {
    state.withLock { state in
      let due = state.sleepers.indices.filter { state.sleepers[$0].deadline <= target }
      guard
        let first = due.min(by: { (state.sleepers[$0].deadline, state.sleepers[$0].order) < (state.sleepers[$1].deadline, state.sleepers[$1].order) })
      else { return nil }
      let sleeper = state.sleepers.remove(at: first)
      state.now = max(state.now, sleeper.deadline)
      return sleeper.wake
    }
  }

  /// Calls `wake` when the clock reaches `deadline`.
  package func wake(at deadline: Instant, _ wake: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.count += 1
      state.sleepers.append((deadline, state.count, wake))
    }
  }

  package func sleep(until deadline: Instant) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      wake(at: deadline) { continuation.resume() }
    }
  }
}
