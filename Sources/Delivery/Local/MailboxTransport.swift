// SPDX-License-Identifier: Apache-2.0
import Queue
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

  /// Whether there is a mailbox, for a probe; may block.
  private let mailbox: @Sendable (Recipient) -> RecipientResult

  package init(probing mailbox: @escaping @Sendable (Recipient) -> RecipientResult) { self.mailbox = mailbox }

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

  package func probe(_ job: DeliveryJob) async -> DeliveryResult { await deliver(job) }

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
      for order in batch where order.job.isProbe { order.continuation.resume(returning: probed(order.job)) }
      let orders = batch.filter { !$0.job.isProbe }
      for (order, result) in zip(orders, agent.deliver(orders.map(\.job))) { order.continuation.resume(returning: result) }
    }
  }

  private func probed(_ job: DeliveryJob) -> DeliveryResult {
    DeliveryResult(
      job.recipients.compactMap { due in
        guard job.message.envelope.recipients.indices.contains(due.index) else { return nil }
        var result = mailbox(job.message.envelope.recipients[due.index])
        result.index = due.index
        return result
      })
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
