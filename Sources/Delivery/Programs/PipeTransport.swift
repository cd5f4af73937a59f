// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// Hands messages to a program: pipe(8). The program runs on threads of its own; nothing waits for it on the loop.
package final class PipeTransport: Transport {
  private let name: String
  private let command: String
  private let performer: any ProgramPerformer
  private let pool: BlockingPool
  private let clock: @Sendable () -> Int64

  /// `pool`: as many threads as programs may run at a time.
  package init(_ name: String, command: String, _ performer: any ProgramPerformer, pool: BlockingPool, clock: @escaping @Sendable () -> Int64) {
    self.name = name
    self.command = command
    self.performer = performer
    self.pool = pool
    self.clock = clock
  }

  package func deliver(_ job: DeliveryJob) async -> DeliveryResult {
    let found = await pool.run { [self] in run(job) }
    return found ?? DeliveryResult(job, .init(.deferred, "4.3.2", "too many programs at a time"), relay: name, since: clock(), clock())
  }

  package func probe(_ job: DeliveryJob) async -> DeliveryResult {
    DeliveryResult(job, .init(.sent, "2.0.0", "delivers to command: \(command)"), relay: name, since: clock(), clock())
  }

  private func run(_ job: DeliveryJob) -> DeliveryResult {
    let began = clock()
    let order = ProgramOrder(job.message, recipients: job.recipients.map(\.index), transport: name, nexthop: job.hop.destination)
    let outcome =
      switch performer.perform(order, job.message) {
      case .done(let outcome): outcome
      case .sendOn: ProgramOutcome(.deferred, "4.3.0", "unknown mail transport error")
      }
    return DeliveryResult(job, outcome, relay: name, since: began, clock())
  }
}

extension DeliveryResult {
  /// The same for all recipients of a job.
  init(_ job: DeliveryJob, _ outcome: ProgramOutcome, relay: String, since began: Int64, _ now: Int64) {
    self.init(
      job.recipients.map {
        RecipientResult($0.index, outcome.outcome, outcome.reason, relay: relay, transmission: now.difference(from: began))
      })
  }
}
