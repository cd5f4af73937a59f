// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The workers that have been at one call for long and still want the processor. One alone may have what nobody else wants; several take turns, and there are times when
/// none has one: what they would use of the machine, its caches and its second threads, is other people's mail.
struct SlowWorkers {
  private var waiting: [Int32] = []
  private var running: Int32?
  private var next = Instant.distantPast
  private let pause: (Int32) -> Void
  private let goOn: (Int32) -> Void

  private static let turn = Duration.milliseconds(2)
  private static let rest = Duration.milliseconds(20)

  init(pause: @escaping (Int32) -> Void = { ChildProcess(pid: $0).pause() }, goOn: @escaping (Int32) -> Void = { ChildProcess(pid: $0).goOn() }) {
    (self.pause, self.goOn) = (pause, goOn)
  }

  mutating func add(_ pid: Int32) {
    if running == nil, waiting.isEmpty {
      running = pid
    } else {
      pause(pid)
      waiting.append(pid)
    }
  }

  mutating func remove(_ pid: Int32) {
    if running == pid { running = nil }
    waiting.removeAll { $0 == pid }
  }

  /// Whose turn is over stands still; who is next goes on. Answers how long until there is something to do again.
  mutating func turn(at now: Instant) -> Duration {
    if waiting.isEmpty { return .seconds(3600) }
    guard next <= now else { return next - now }
    if waiting.count == 1, running == nil {
      begin()
      return .seconds(3600)
    }
    if let running {
      pause(running)
      waiting.append(running)
      self.running = nil
      next = now + Self.rest
    } else {
      begin()
      next = now + Self.turn
    }
    return next - now
  }

  private mutating func begin() {
    let pid = waiting.removeFirst()
    running = pid
    goOn(pid)
  }
}
