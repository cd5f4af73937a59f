// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The way of the scheduler to mailboxes of this host: a thread with a `LocalAgent`, which notes what it does by itself.
package final class MailboxTransport: Transport {
  private struct Order {
    let job: DeliveryJob
    let continuation: UnsafeContinuation<DeliveryResult?, Never>
  }

  private struct Orders {
    var waiting: [Order] = []
    var isStopping = false
  }

  private let orders = Monitor(Orders())
  private let thread = Monitor<Thread?>(nil)

  package init() {}

  /// `agent` is called once, on the thread.
  package func start(_ agent: @escaping @Sendable () -> LocalAgent) throws(SystemError) {
    let started = try Thread(name: "deliver-mixed") { [self] in run(agent()) }
    thread.withLock { $0 = started }
  }

  /// Ends the thread when it is through with what was handed in.
  package func stop() {
    orders.withLock { $0.isStopping = true }
    orders.signal()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<DeliveryResult?, Never>) in
      let isOpen = orders.withLock { orders in
        if !orders.isStopping { orders.waiting.append(Order(job: job, continuation: continuation)) }
        return !orders.isStopping
      }
      if isOpen { orders.signal() } else { continuation.resume(returning: nil) }
    }
    if let result { return result }
    // Nothing was done: whoever has the lane next does it.
    var nothing = DeliveryResult([])
    nothing.settled = Set(job.recipients.map(\.index))
    return nothing
  }

  private func run(_ agent: LocalAgent) {
    while let batch = next() {
      let results = agent.deliver(batch.map(\.job))
      for (order, result) in zip(batch, results) { order.continuation.resume(returning: result) }
    }
  }

  /// All that waits; nil when it is time to end.
  private func next() -> [Order]? {
    orders.wait { orders -> [Order]?? in
      if orders.waiting.isEmpty { return orders.isStopping ? .some(nil) : nil }
      defer { orders.waiting = [] }
      return orders.waiting
    }
  }
}
