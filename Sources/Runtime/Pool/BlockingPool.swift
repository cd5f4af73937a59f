// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A bounded number of threads for calls that may block: name service, disk, certificates.
///
/// A call costs a hop each way (about 25 us): never one per line of a message.
package final class BlockingPool: Sendable {
  private struct Work {
    var queue: [@Sendable () -> Void] = []
    var head = 0
    var stopping = false
    var threads = 0
    var idle = 0
  }

  private let monitor: Monitor<Work>
  private let name: String
  private let maximumThreads: Int
  private let maximumQueue: Int

  /// Threads are started when there is work for them, and stay.
  package init(name: String, threads: Int, queue: Int) {
    self.name = name
    maximumThreads = max(1, threads)
    maximumQueue = max(1, queue)
    monitor = Monitor(Work())
  }

  /// Runs `body` on a pool thread; nil when the queue is full or the pool has stopped. The caller resumes on its own loop.
  package func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result? {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Result?, Never>) in
      if !submit({ continuation.resume(returning: body()) }) { continuation.resume(returning: nil) }
    }
  }

  /// Queues `body`; false when there is no room.
  package func submit(_ body: @escaping @Sendable () -> Void) -> Bool {
    let (taken, mustStart) = monitor.withLock { work -> (Bool, Bool) in
      guard !work.stopping, work.queue.count - work.head < maximumQueue else { return (false, false) }
      work.queue.append(body)
      let mustStart = work.queue.count - work.head > work.idle && work.threads < maximumThreads
      if mustStart { work.threads += 1 }
      return (true, mustStart)
    }
    guard taken else { return false }
    if mustStart { startThread() } else { monitor.signal() }
    return true
  }

  /// Whether no thread is at work, and no work waits.
  package var isIdle: Bool { monitor.withLock { $0.idle == $0.threads && $0.head == $0.queue.count } }

  /// Lets the threads end when the queue is empty.
  package func stop() {
    monitor.withLock { $0.stopping = true }
    monitor.signal()
  }

  private func startThread() {
    do {
      try Thread(name: name) { self.work() }.detach()
    } catch {
      // The queue keeps the work; another thread takes it, and the next submit tries to start one again.
      monitor.withLock { $0.threads -= 1 }
    }
  }

  private func work() {
    while let body = next() { body() }
  }

  private func next() -> (@Sendable () -> Void)? {
    monitor.withLock { $0.idle += 1 }
    return monitor.wait { work -> (@Sendable () -> Void)?? in
      guard work.head < work.queue.count else {
        guard work.stopping else { return nil }
        work.idle -= 1
        return .some(nil)
      }
      work.idle -= 1
      let body = work.queue[work.head]
      work.head += 1
      if work.head == work.queue.count {
        work.queue.removeAll(keepingCapacity: true)
        work.head = 0
      }
      return body
    }
  }
}
