// SPDX-License-Identifier: Apache-2.0
import Bytes
import CGlobalExecutor
import Runtime
import Testing

@Suite(.serialized) struct GlobalExecutorTests {

  /// That the count counts.
  @Test func aStrayJobIsCounted() throws {
    global_executor_watch()
    let before = global_executor_jobs()
    let fixture = try LoopFixture()
    let loop = fixture.loop
    fixture.run {
      Task.detached {}
      await loop.yield()
    }
    #expect(global_executor_jobs() > before)
    _ = fixture.finish()
  }

  @Test func noJobOfALoopIsStray() throws {
    global_executor_watch()
    let before = global_executor_jobs()
    let fixture = try LoopFixture()
    let loop = fixture.loop
    let pool = BlockingPool(name: "test", threads: 2, queue: 16)
    let pair = try SocketPair()
    fixture.run {
      guard let left = try? SocketStream(pair.left, on: loop), let right = try? SocketStream(pair.right, on: loop) else { return }
      await Self.exchange(left, right, loop, pool)
      left.close()
      right.close()
    }
    #expect(global_executor_jobs() == before)
    #expect(fixture.finish() == 0)
    pool.stop()
  }

  private static func exchange(_ left: SocketStream, _ right: SocketStream, _ loop: EventLoop, _ pool: BlockingPool) async {
    var input = ByteBuffer()
    for round in 0..<20 {
      loop.spawn {
        await loop.sleep(until: loop.now + .milliseconds(1))
        var output = ByteBuffer()
        output.append([UInt8](repeating: 7, count: 1000))
        _ = await left.write(&output, deadline: .never)
      }
      _ = await right.read(into: &input, deadline: .never)
      _ = await pool.run { round }
      await loop.yield()
    }
  }
}
