// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The workers that have been at one call for long and still want the processor. One alone goes on while it gets all that it wants, because then nobody else
/// wanted it. Otherwise they take turns, and there are times when none has one, the longer the more they are: what they would use of the machine, its
/// caches and its second threads, is other people's mail. Who has had the fewest turns is next, so that a call that is only long ends among many that never would.
struct SlowWorkers {
  private struct Slow {
    let pid: Int32
    var turns = 0
  }

  private struct Running {
    var slow: Slow
    let began: Instant
    let used: Duration
  }

  private var waiting: [Slow] = []
  private var running: Running?
  private var next = Instant.distantPast
  private let pause: (Int32) -> Void
  private let goOn: (Int32) -> Void
  private let processorTime: (Int32) -> Duration

  private static let turn = Duration.milliseconds(2)
  /// Of one alone with a processor for itself.
  private static let longTurn = Duration.milliseconds(10)
  /// Between two turns, for each that waits.
  private static let rest = Duration.milliseconds(20)
  private static let longestRest = Duration.milliseconds(200)

  init(
    pause: @escaping (Int32) -> Void = { ChildProcess(pid: $0).pause() }, goOn: @escaping (Int32) -> Void = { ChildProcess(pid: $0).goOn() },
    processorTime: @escaping (Int32) -> Duration = ProcessorClock.time
  ) {
    (self.pause, self.goOn, self.processorTime) = (pause, goOn, processorTime)
  }

  mutating func add(_ pid: Int32, at now: Instant) {
    if running == nil, waiting.isEmpty {
      run(Slow(pid: pid), for: Self.turn, at: now)
    } else {
      pause(pid)
      waiting.append(Slow(pid: pid))
    }
  }

  mutating func remove(_ pid: Int32) {
    if running?.slow.pid == pid { running = nil }
    waiting.removeAll { $0.pid == pid }
  }

  /// Whose turn is over stands still; who is next goes on. Answers how long until there is something to do again.
  mutating func turn(at now: Instant) -> Duration {
    if waiting.isEmpty, running == nil { return .seconds(3600) }
    guard next <= now else { return next - now }
    if let running {
      endTurn(of: running, at: now)
    } else if let index = waiting.indices.min(by: { waiting[$0].turns < waiting[$1].turns }) {
      let slow = waiting.remove(at: index)
      goOn(slow.pid)
      run(slow, for: Self.turn, at: now)
    }
    return next - now
  }

  private mutating func run(_ slow: Slow, for turn: Duration, at now: Instant) {
    running = Running(slow: slow, began: now, used: processorTime(slow.pid))
    next = now + turn
  }

  private mutating func endTurn(of running: Running, at now: Instant) {
    if waiting.isEmpty, (processorTime(running.slow.pid) - running.used) * 10 >= (now - running.began) * 9 {
      return run(running.slow, for: Self.longTurn, at: now)
    }
    pause(running.slow.pid)
    waiting.append(Slow(pid: running.slow.pid, turns: running.slow.turns + 1))
    self.running = nil
    next = now + min(Self.rest * waiting.count, Self.longestRest)
  }
}
