// SPDX-License-Identifier: Apache-2.0
import Runtime
import Synchronization

/// What `weir plugins` shows of a component instance. Written by many threads.
package final class StageCounters: Sendable {
  package let calls = Atomic<Int>(0)
  package let messages = Atomic<Int>(0)
  package let rejects = Atomic<Int>(0)
  package let tempfails = Atomic<Int>(0)
  package let discards = Atomic<Int>(0)
  package let edits = Atomic<Int>(0)
  /// on_failure was applied.
  package let failures = Atomic<Int>(0)
  /// Deadlines that passed; among the failures.
  package let timeouts = Atomic<Int>(0)
  /// Uses of an id that was no longer good.
  package let stale = Atomic<Int>(0)
  /// Things tried that were not declared, or not then, or not there.
  package let denied = Atomic<Int>(0)
  /// Requests begun whose callback has not run.
  package let openRequests = Atomic<Int>(0)
  /// States that the component keeps in sessions and messages.
  package let openStates = Atomic<Int>(0)
  /// How often its process was started anew.
  package let restarts = Atomic<Int>(0)
  /// Time spent with a message or a command, by powers of four of microseconds.
  private let times = Histogram()

  package init() {}

  package func note(microseconds: Int) { times.add(microseconds) }

  func note(from: Instant, to: Instant) {
    times.add(to <= from ? 0 : Int(truncatingIfNeeded: (to.nanoseconds &- from.nanoseconds) / 1000))
  }

  /// The time that this share of the calls did not exceed, in microseconds.
  package func percentile(_ share: Double) -> Int { times.percentile(share) }
}

extension Atomic where Value == Int {
  package func count() { wrappingAdd(1, ordering: .relaxed) }
  package var now: Int { load(ordering: .relaxed) }
}

/// Counts by powers of four: enough to tell 50 us from 5 ms.
private final class Histogram: Sendable {
  private let counts = Counts()

  /// One atomic each: an array of atomics cannot be had.
  private struct Counts: ~Copyable, Sendable {
    let c0 = Atomic<Int>(0), c1 = Atomic<Int>(0), c2 = Atomic<Int>(0), c3 = Atomic<Int>(0), c4 = Atomic<Int>(0), c5 = Atomic<Int>(0)
    let c6 = Atomic<Int>(0), c7 = Atomic<Int>(0), c8 = Atomic<Int>(0), c9 = Atomic<Int>(0), c10 = Atomic<Int>(0), c11 = Atomic<Int>(0)
  }

  func add(_ microseconds: Int) {
    // Steps of four: up to 1, 4, 16, ... us, 4 s.
    let step = microseconds <= 1 ? 0 : min(11, (Int.bitWidth - (microseconds - 1).leadingZeroBitCount + 1) / 2)
    switch step {
    case 0: counts.c0.count()
    case 1: counts.c1.count()
    case 2: counts.c2.count()
    case 3: counts.c3.count()
    case 4: counts.c4.count()
    case 5: counts.c5.count()
    case 6: counts.c6.count()
    case 7: counts.c7.count()
    case 8: counts.c8.count()
    case 9: counts.c9.count()
    case 10: counts.c10.count()
    default: counts.c11.count()
    }
  }

  func percentile(_ share: Double) -> Int {
    let all = [
      counts.c0.now, counts.c1.now, counts.c2.now, counts.c3.now, counts.c4.now, counts.c5.now, counts.c6.now, counts.c7.now, counts.c8.now,
      counts.c9.now, counts.c10.now, counts.c11.now,
    ]
    let total = all.reduce(0, +)
    guard total > 0 else { return 0 }
    var seen = 0
    for (step, count) in all.enumerated() {
      seen += count
      if Double(seen) >= Double(total) * share { return step == 0 ? 1 : 1 << (2 * step) }
    }
    return 1 << 22
  }
}
