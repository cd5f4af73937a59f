// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Synchronization

/// A loop on a thread of its own, for one test; `finish` asserts that no task is left.
final class LoopFixture: Sendable {
  let loop: EventLoop
  private let thread: Thread

  init() throws {
    let loop = try EventLoop()
    self.loop = loop
    thread = try Thread(name: "loop") { loop.run() }
  }

  /// Runs `body` as a task of the loop and waits for its result on the calling thread.
  func run<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) -> Result {
    let result = Monitor<Result?>(nil)
    loop.spawn {
      let value = await body()
      result.withLock { $0 = value }
      result.signal()
    }
    return result.wait { $0 }
  }

  /// Stops the loop; answers how many tasks were still alive.
  func finish() -> Int {
    let live = Monitor<Int?>(nil)
    loop.spawn { [loop] in
      await loop.yield()
      let others = loop.liveTasks - 1
      live.withLock { $0 = others }
      live.signal()
    }
    let count = live.wait { $0 }
    loop.stop()
    thread.join()
    return count
  }
}
