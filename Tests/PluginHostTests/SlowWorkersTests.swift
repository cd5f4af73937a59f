// SPDX-License-Identifier: Apache-2.0
import Runtime
import Testing

@testable import PluginHost

/// Workers that take long at one call: one alone goes on where nobody else wants the processor, several take turns.
@Suite struct SlowWorkersTests {
  /// What was done to which process.
  private final class Deeds {
    var running: Set<Int32> = []
    var mostAtOnce = 0
    /// What each has used of the processor, of each turn at most this.
    var used: [Int32: Duration] = [:]

    func goOn(_ pid: Int32) {
      running.insert(pid)
      mostAtOnce = max(mostAtOnce, running.count)
    }
  }

  private func slow(_ deeds: Deeds) -> SlowWorkers {
    SlowWorkers(pause: { deeds.running.remove($0) }, goOn: deeds.goOn, processorTime: { deeds.used[$0] ?? .zero })
  }

  private func add(_ pid: Int32, to slow: inout SlowWorkers, _ deeds: Deeds, at now: Instant = .now()) {
    deeds.running.insert(pid)
    slow.add(pid, at: now)
  }

  @Test func oneAloneGoesOnWhileNobodyElseWantsTheProcessor() {
    let deeds = Deeds()
    var slow = slow(deeds)
    var now = Instant.now()
    add(1, to: &slow, deeds, at: now)
    for _ in 0..<20 {
      let wait = slow.turn(at: now)
      #expect(deeds.running == [1])
      deeds.used[1, default: .zero] += wait
      now = now + wait
    }
  }

  @Test func oneAloneRestsWhereOthersWantTheProcessor() {
    let deeds = Deeds()
    var slow = slow(deeds)
    let began = Instant.now()
    var (now, ran) = (began, Duration.zero)
    add(1, to: &slow, deeds, at: now)
    while now < began + .seconds(1) {
      let wait = slow.turn(at: now)
      if deeds.running == [1] {
        ran += wait
        deeds.used[1, default: .zero] += wait / 2
      }
      now = now + wait
    }
    #expect(ran > .milliseconds(50) && ran < .milliseconds(200))
  }

  @Test func itTakesTheProcessorAgainWhenOthersHaveLeft() {
    let deeds = Deeds()
    var slow = slow(deeds)
    var now = Instant.now()
    add(1, to: &slow, deeds, at: now)
    now = now + slow.turn(at: now)
    now = now + slow.turn(at: now)
    #expect(deeds.running.isEmpty)
    var ran = Duration.zero
    for _ in 0..<10 {
      let wait = slow.turn(at: now)
      if deeds.running == [1] {
        ran += wait
        deeds.used[1, default: .zero] += wait
      }
      now = now + wait
    }
    #expect(ran >= .milliseconds(80))
  }

  @Test func severalTakeTurnsAndEachHasOne() {
    let deeds = Deeds()
    var slow = slow(deeds)
    for pid in Int32(1)...3 { add(pid, to: &slow, deeds) }
    #expect(deeds.running == [1])
    var (now, had) = (Instant.now(), Set<Int32>())
    for _ in 0..<12 {
      now = now + slow.turn(at: now)
      #expect(deeds.running.count <= 1)
      had.formUnion(deeds.running)
    }
    #expect(had == [1, 2, 3])
    #expect(deeds.mostAtOnce == 1)
  }

  @Test func whoIsLeftGoesOn() {
    let deeds = Deeds()
    var slow = slow(deeds)
    for pid in Int32(1)...3 { add(pid, to: &slow, deeds) }
    var now = Instant.now()
    for pid in Int32(1)...2 {
      deeds.running.remove(pid)
      slow.remove(pid)
    }
    var ran = false
    for _ in 0..<3 {
      now = now + slow.turn(at: now)
      ran = ran || deeds.running == [3]
    }
    #expect(ran)
  }

  @Test func whoCameLastEndsAmongManyThatNeverDo() {
    let deeds = Deeds()
    var slow = slow(deeds)
    for pid in Int32(1)...20 { add(pid, to: &slow, deeds) }
    var now = Instant.now()
    for _ in 0..<200 { now = now + slow.turn(at: now) }
    add(21, to: &slow, deeds)
    var turns = 0
    for _ in 0..<6 {
      now = now + slow.turn(at: now)
      if deeds.running == [21] { turns += 1 }
    }
    #expect(turns >= 2)
  }

  @Test func manyHaveLessThanFew() {
    func turns(of count: Int32) -> Int {
      let deeds = Deeds()
      var slow = slow(deeds)
      for pid in 1...count { add(pid, to: &slow, deeds) }
      let began = Instant.now()
      var (now, turns) = (began, 0)
      while now < began + .seconds(10) {
        now = now + slow.turn(at: now)
        turns += 1
      }
      return turns
    }
    #expect(turns(of: 50) * 4 < turns(of: 2))
  }
}
