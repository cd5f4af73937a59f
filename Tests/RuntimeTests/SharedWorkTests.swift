// SPDX-License-Identifier: Apache-2.0
import Runtime
import Synchronization
import Testing

@Suite struct SharedWorkTests {
  @Test func oneGetsItForAllThatWantItAtTheSameTime() throws {
    let fixtures = [try LoopFixture(), try LoopFixture()]
    let work = SharedWork<String, Int>()
    let calls = Monitor<[String: Int]>([:])
    let gate = BlockingPool(name: "test", threads: 1, queue: 8)
    let isOpen = Monitor(false)
    let answers = Monitor<[Int]>([])
    for index in 0..<20 {
      let key = index % 10 == 0 ? "other" : "same"
      fixtures[index % 2].loop.spawn {
        let value = await work.value(for: key) {
          calls.withLock { $0[key, default: 0] += 1 }
          _ = await gate.run { isOpen.wait { $0 ? true : nil } }
          return key.utf8.count
        }
        answers.withLock { $0.append(value) }
        answers.signal()
      }
    }
    // All have asked by the time that these come back.
    for fixture in fixtures { fixture.run { await fixture.loop.yield() } }
    isOpen.withLock { $0 = true }
    isOpen.signal()
    #expect(answers.wait { $0.count == 20 ? $0.sorted() : nil } == Array(repeating: 4, count: 18) + [5, 5])
    #expect(calls.withLock { $0 } == ["same": 1, "other": 1])
    // Nothing is kept.
    #expect(fixtures[0].run { await work.value(for: "same") { 7 } } == 7)
    gate.stop()
    for fixture in fixtures { #expect(fixture.finish() == 0) }
  }
}
