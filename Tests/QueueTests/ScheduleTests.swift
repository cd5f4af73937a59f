// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Queue

private let second: Int64 = 1_000_000
private let refused = Reason(status: "4.4.1", text: "connect to a[192.0.2.1]:25: Connection refused")

private func site(_ name: String, _ transport: String = "smtp") -> Schedule.Site { Schedule.Site(transport: transport, name: name) }

private func schedule(_ change: (inout TransportLimits) -> Void = { _ in }) -> Schedule {
  var limits = TransportLimits()
  change(&limits)
  return Schedule { [limits] _ in limits }
}

extension Schedule {
  /// All that may begin.
  fileprivate func start(_ now: Int64 = 0) -> [Start] {
    var starts: [Start] = []
    while let start = next(now: now) { starts.append(start) }
    return starts
  }

  fileprivate func add(_ items: some Sequence<Int>, to name: String, sender: String = "a", isRetry: Bool = false, now: Int64 = 0) {
    for item in items { #expect(add(item, to: site(name), sender: sender, isRetry: isRetry, now: now) == .queued) }
  }
}

@Suite struct WindowTests {
  @Test func growsByOneForEachSuccessWhileItIsUsed() {
    var limits = TransportLimits()
    limits.concurrencyLimit = 7
    var window = ConcurrencyWindow(limits)
    #expect(window.size == 5)
    window.succeeded(limits, busy: 5)
    #expect(window.size == 6)
    for _ in 0..<10 { window.succeeded(limits, busy: window.size) }
    #expect(window.size == 7)
    var idle = ConcurrencyWindow(TransportLimits())
    for _ in 0..<10 { idle.succeeded(TransportLimits(), busy: 1) }
    // As far as one delivery and the initial five go.
    #expect(idle.size == 6)
  }

  @Test func growsSlowlyWithTheSquareRoot() {
    var limits = TransportLimits()
    limits.positiveFeedback = Feedback(1, .concurrency)
    var window = ConcurrencyWindow(limits)
    for _ in 0..<4 { window.succeeded(limits, busy: 5) }
    #expect(window.size == 5)
    window.succeeded(limits, busy: 5)
    #expect(window.size == 6)
    limits.positiveFeedback = Feedback(1, .squareRoot)
    var other = ConcurrencyWindow(limits)
    for _ in 0..<3 { other.succeeded(limits, busy: 5) }
    #expect(other.size == 6)
  }

  @Test func shrinksAndDies() {
    var limits = TransportLimits()
    limits.failedCohortLimit = 2
    var window = ConcurrencyWindow(limits)
    var failures = 0
    var sizes: [Int] = []
    while window.failed(limits) {
      failures += 1
      sizes.append(window.size)
    }
    #expect(sizes == [4, 3, 2, 1])
    #expect(failures == 4)
    limits.failedCohortLimit = 0
    for _ in 0..<50 {
      let goesOn = window.failed(limits)
      #expect(goesOn)
    }
    #expect(window.size == 1)
  }

  @Test func oneSuccessForgivesAllFailures() {
    let limits = TransportLimits()
    var window = ConcurrencyWindow(limits)
    for _ in 0..<20 {
      let goesOn = window.failed(limits)
      #expect(goesOn)
      window.succeeded(limits, busy: window.size)
    }
  }
}

@Suite struct ScheduleTests {
  @Test func aDestinationHasAWindowAndTheRestWaits() {
    let schedule = schedule()
    schedule.add(0..<30, to: "a")
    let first = schedule.start()
    #expect(first.map(\.item) == [0, 1, 2, 3, 4])
    #expect(schedule.ended(first[0], .alive, now: 0) == [])
    #expect(schedule.start().map(\.item) == [5, 6])
  }

  @Test func destinationsTakeTurns() {
    let schedule = schedule { $0.processLimit = 6 }
    schedule.add(0..<10, to: "a")
    schedule.add(10..<20, to: "b")
    #expect(schedule.start().map(\.item) == [0, 10, 1, 11, 2, 12])
  }

  @Test func sendersTakeTurns() {
    let schedule = schedule { $0.initialConcurrency = 4 }
    schedule.add(0..<100, to: "a", sender: "news@example.com")
    schedule.add([500], to: "a", sender: "ann@example.com")
    #expect(schedule.start().map(\.item) == [0, 500, 1, 2])
  }

  @Test func newMailGoesFirstButNotAlways() {
    let schedule = schedule { $0.initialConcurrency = 9 }
    schedule.add(0..<100, to: "a", isRetry: true)
    schedule.add(500..<600, to: "a")
    #expect(schedule.start().map(\.item) == [500, 501, 502, 0, 503, 504, 505, 1, 506])
  }

  @Test func aDeadDestinationIsLeftAloneForAWhile() {
    let schedule = schedule()
    schedule.add(0..<20, to: "a")
    let starts = schedule.start()
    #expect(starts.count == 5)
    // Five in a row, as many as ran at a time; the window had shrunk meanwhile.
    var dropped: [Int] = []
    for start in starts { dropped += schedule.ended(start, .dead(refused), now: second) }
    #expect(dropped == Array(5..<20))
    #expect(schedule.start(second) == [])
    #expect(schedule.add(50, to: site("a"), sender: "a", isRetry: false, now: 300 * second) == .suspended(refused))
    #expect(schedule.add(50, to: site("b"), sender: "a", isRetry: false, now: 300 * second) == .queued)
    #expect(schedule.nextAlarm == 301 * second)
    schedule.wake(now: 301 * second)
    schedule.add([60], to: "a", now: 301 * second)
    #expect(schedule.start(301 * second).map(\.item).sorted() == [50, 60])
  }

  @Test func aMessageRefusedIsNoDeath() {
    let schedule = schedule { $0.concurrencyLimit = 5 }
    schedule.add(0..<100, to: "a")
    for _ in 0..<100 {
      let start = schedule.next(now: 0)
      #expect(start.map { schedule.ended($0, .alive, now: 0) } == [])
    }
    #expect(schedule.siteCount == 0)
  }

  @Test func aDelayBetweenDeliveries() {
    let schedule = schedule { $0.destinationDelay = 2 * second }
    schedule.add(0..<3, to: "a")
    schedule.add(10..<11, to: "b")
    let starts = schedule.start()
    #expect(starts.map(\.item) == [0, 10])
    for start in starts { _ = schedule.ended(start, .alive, now: second) }
    #expect(schedule.start(2 * second) == [])
    #expect(schedule.nextAlarm == 3 * second)
    schedule.wake(now: 3 * second)
    #expect(schedule.start(3 * second).map(\.item) == [1])
    #expect(schedule.siteCount == 1)
  }

  @Test func aDelayOfTheTransport() {
    let schedule = schedule { $0.transportDelay = second }
    schedule.add(0..<2, to: "a")
    schedule.add(10..<12, to: "b")
    let first = schedule.start()
    #expect(first.map(\.item) == [0])
    for start in first { _ = schedule.ended(start, .alive, now: 0) }
    #expect(schedule.start(0) == [])
    #expect(schedule.nextAlarm == second)
    #expect(schedule.start(second).count == 1)
  }

  @Test func transportsDoNotShareSlots() {
    let schedule = schedule { $0.processLimit = 1 }
    schedule.add(0..<5, to: "a")
    #expect(schedule.add(10, to: site("a", "lmtp"), sender: "a", isRetry: false, now: 0) == .queued)
    #expect(schedule.start().map(\.item).sorted() == [0, 10])
  }

  @Test func aTransportThatIsNotThere() {
    let schedule = schedule()
    schedule.add(0..<3, to: "a")
    #expect(schedule.suspend("smtp", refused, until: 60 * second) == [0, 1, 2])
    #expect(schedule.add(5, to: site("c"), sender: "a", isRetry: false, now: second) == .suspended(refused))
    #expect(schedule.add(5, to: site("c"), sender: "a", isRetry: false, now: 60 * second) == .queued)
  }

  @Test func whatHasEndedIsForgotten() {
    let schedule = schedule()
    for round in 0..<1000 {
      schedule.add([round], to: "host\(round)")
      for start in schedule.start() { _ = schedule.ended(start, round % 2 == 0 ? .alive : .untried, now: 0) }
    }
    #expect(schedule.siteCount == 0)
  }
}

/// A thousand destinations, played with a clock of its own: each delivery to a live one takes 50 ms, a dead one keeps it for 30 s.
@Suite struct DeadDestinationsTests {
  private struct Running {
    let start: Schedule.Start
    let isDead: Bool
  }

  /// When all mail for live destinations was delivered, in microseconds.
  private func play(live: Int, dead: Int, each: Int) -> Int64 {
    let schedule = schedule()
    var ends = Timetable<Running>()
    var left = live * each
    var now: Int64 = 0
    // In the worst order: the dead ones first.
    for message in 0..<each {
      for name in 0..<dead { _ = schedule.add(1_000_000 + name * each + message, to: site("dead\(name)"), sender: "b", isRetry: false, now: 0) }
    }
    for message in 0..<each {
      for name in 0..<live { _ = schedule.add(name * each + message, to: site("live\(name)"), sender: "a", isRetry: false, now: 0) }
    }
    while left > 0 {
      schedule.wake(now: now)
      while let start = schedule.next(now: now) {
        let isDead = start.item >= 1_000_000
        ends.insert(Running(start: start, isDead: isDead), at: now + (isDead ? 30 * second : second / 20))
      }
      guard let end = ends.removeFirst() else { return .max }
      now = end.time
      if !end.item.isDead { left -= 1 }
      _ = schedule.ended(end.item.start, end.item.isDead ? .dead(refused) : .alive, now: now)
    }
    return now
  }

  @Test func nineHundredDeadDoNotSlowAHundredLive() {
    let alone = play(live: 100, dead: 0, each: 40)
    let together = play(live: 100, dead: 900, each: 40)
    #expect(Double(together) <= 1.1 * Double(alone), "\(together) µs against \(alone) µs")
  }
}
