// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The workers that have been at one call for long and still want the processor. One alone may have what nobody else wants; several take turns, and there are times when
/// none has one, the longer the more they are: what they would use of the machine, its caches and its second threads, is other people's mail. Who has had the
/// fewest turns is next, so that a call that is only long ends among many that never would.
struct SlowWorkers {
  private struct Slow {
    let pid: Int32
    var turns = 0
  }

  private var waiting: [Slow] = []
  private var running: Slow?
  private var next = Instant.distantPast
  private let pause: (Int32) -> Void
  private let goOn: (Int32) -> Void

  private static let turn = Duration.milliseconds(2)
  /// Between two turns, for each that waits.
  private static let rest = Duration.milliseconds(20)
  private static let longestRest = Duration.milliseconds(200)

  init(pause: @escaping (Int32) -> Void = { ChildProcess(pid: $0).pause() }, goOn: @escaping (Int32) -> Void = { ChildProcess(pid: $0).goOn() }) {
    (self.pause, self.goOn) = (pause, goOn)
  }

  mutating func add(_ pid: Int32) {
    if running == nil, waiting.isEmpty {
      running = Slow(pid: pid)
    } else {
      pause(pid)
      waiting.append(Slow(pid: pid))
    }
  }

  mutating func remove(_ pid: Int32) {
    if running?.pid == pid { running = nil }
    waiting.removeAll { $0.pid == pid }
  }

  /// Whose turn is over stands still; who is next goes on. Answers how long until there is something to do again.
  mutating func turn(at now: Instant) -> Duration {
    if waiting.isEmpty { return .seconds(3600) }
    guard next <= now else { return next - now }
    if waiting.count == 1, running == nil {
      begin()
      return .seconds(3600)
    }
    if var slow = running {
      pause(slow.pid)
      slow.turns += 1
      waiting.append(slow)
      running = nil
      next = now + min(Self.rest * waiting.count, Self.longestRest)
    } else {
      begin()
      next = now + Self.turn
    }
    return next - now
  }

  private mutating func begin() {
    guard let index = waiting.indices.min(by: { waiting[$0].turns < waiting[$1].turns }) else { return }
    let slow = waiting.remove(at: index)
    running = slow
    goOn(slow.pid)
  }
}
