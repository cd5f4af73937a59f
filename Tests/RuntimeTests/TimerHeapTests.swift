// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Runtime

@Suite struct TimerHeapTests {
  /// Arms, postpones, brings forward, disarms and removes at random, and compares with a plain list.
  @Test(arguments: 0..<20) func everyTimerFiresOnceAtItsTime(seed: Int) {
    var random = Numbers(state: UInt64(seed) &* 7919 &+ 1)
    var heap = TimerHeap()
    var fired: [Int] = []
    let timers = (0..<50).map { index in LoopTimer { fired.append(index) } }
    var expected: [Int: UInt64] = [:]
    var now: UInt64 = 0
    for _ in 0..<2000 {
      let index = Int(random.next() % 50)
      switch random.next() % 8 {
      case 0:
        heap.disarm(timers[index])
        expected[index] = nil
      case 1:
        heap.remove(timers[index])
        expected[index] = nil
      case 2:
        now += random.next() % 100
        fired = []
        while let due = heap.popDue(at: Instant(nanoseconds: now)) { due.fire() }
        #expect(Set(fired) == Set(expected.filter { $0.value <= now }.keys))
        #expect(fired.count == Set(fired).count)
        expected = expected.filter { $0.value > now }
      default:
        let deadline = now + 1 + random.next() % 200
        heap.arm(timers[index], at: Instant(nanoseconds: deadline))
        expected[index] = deadline
      }
      let earliest = expected.values.min() ?? .max
      #expect(heap.next.nanoseconds <= earliest)
    }
  }

  private struct Numbers {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 33
    }
  }

  @Test func deadlinesSaturate() {
    #expect(Instant(nanoseconds: .max - 1) + .seconds(1) == .never)
    #expect(Instant(nanoseconds: 5) + .seconds(Int64.max) == .never)
    #expect(Instant(nanoseconds: 5) + .nanoseconds(5) == Instant(nanoseconds: 10))
    #expect(Instant(nanoseconds: 5) - Instant(nanoseconds: 7) == .zero)
  }
}
