// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Synchronization
import Testing

@Suite struct EventLoopTests {
  @Test func tasksRunOnTheLoop() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let seen = fixture.run {
      var seen = [loop.isCurrent]
      await loop.yield()
      seen.append(loop.isCurrent)
      await Self.nested(loop, &seen)
      return seen
    }
    #expect(seen == [true, true, true, true])
    #expect(!loop.isCurrent)
    #expect(fixture.finish() == 0)
  }

  @Test func thoseThatYieldTakeTurns() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let order = Monitor("")
    fixture.run {
      for name in ["a", "b"] {
        loop.spawn {
          for _ in 0..<3 {
            order.withLock { $0 += name }
            await loop.yield()
          }
        }
      }
      for _ in 0..<8 { await loop.yield() }
    }
    #expect(fixture.finish() == 0)
    #expect(order.withLock { $0 } == "ababab")
  }

  private static func nested(_ loop: EventLoop, _ seen: inout [Bool]) async {
    seen.append(loop.isCurrent)
    await loop.yield()
    seen.append(loop.isCurrent)
  }

  @Test func sleepersWakeInOrder() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let order = Monitor<[Int]>([])
    let delays = [5, 1, 4, 2, 3]
    for delay in delays {
      loop.spawn {
        await loop.sleep(until: loop.now + .milliseconds(delay * 10))
        order.withLock { $0.append(delay) }
      }
    }
    fixture.run { await loop.sleep(until: loop.now + .milliseconds(80)) }
    #expect(order.withLock { $0 } == [1, 2, 3, 4, 5])
    #expect(fixture.finish() == 0)
  }

  /// Nothing is left of other work by then, unless there is no end to it.
  @Test func leisureIsWhenNothingElseIsToDo() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let order = fixture.run {
      let order = Monitor<[String]>([])
      loop.spawn {
        await loop.leisure()
        order.withLock { $0.append("leisure") }
      }
      for _ in 0..<5 {
        await loop.yield()
        order.withLock { $0.append("work") }
      }
      await loop.sleep(until: loop.now + .milliseconds(20))
      return order.withLock { $0 }
    }
    #expect(order == Array(repeating: "work", count: 5) + ["leisure"])
    let isOver = Monitor(false)
    fixture.run {
      loop.spawn {
        await loop.leisure()
        isOver.withLock { $0 = true }
      }
      while !isOver.withLock({ $0 }) { await loop.yield() }
    }
    #expect(isOver.withLock { $0 })
    #expect(fixture.finish() == 0)
  }

  @Test func poolWorkResumesOnTheLoop() throws {
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let pool = BlockingPool(name: "test", threads: 2, queue: 8)
    let (inPool, after, value) = fixture.run {
      let result = await pool.run { (loop.isCurrent, 42) }
      return (result?.0, loop.isCurrent, result?.1)
    }
    #expect(inPool == false)
    #expect(after)
    #expect(value == 42)
    pool.stop()
    #expect(fixture.finish() == 0)
  }

  @Test func aFullPoolSaysSo() throws {
    let pool = BlockingPool(name: "test", threads: 1, queue: 2)
    let gate = Monitor(false)
    let started = Monitor(false)
    #expect(
      pool.submit {
        started.withLock { $0 = true }
        started.signal()
        gate.wait { $0 ? () : nil }
      })
    started.wait { $0 ? () : nil }
    #expect(pool.submit {})
    #expect(pool.submit {})
    #expect(!pool.submit {})
    gate.withLock { $0 = true }
    gate.signal()
    pool.stop()
    #expect(!pool.submit {})
  }
}
