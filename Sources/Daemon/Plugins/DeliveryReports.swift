// SPDX-License-Identifier: Apache-2.0
import Delivery
import Names
import PluginHost
import Runtime
import Synchronization

/// Tells the stages that ask for it how each attempt to deliver went: DELIVERY. On a loop, after the attempt, and without its waiting for them.
final class DeliveryReports: Sendable {
  private let chain: StageChain
  private let loop: EventLoop
  private let names: any NameService
  private let log: Log
  private let waiting = Atomic<Int>(0)

  /// Stages that are slower than deliveries miss some.
  private static let maximumWaiting = 10_000

  /// Nil where no stage asks.
  init?(_ assembly: StageAssembly, on loop: EventLoop, names: any NameService, log: Log) {
    guard let chain = assembly.deliveryChain else { return nil }
    self.chain = chain
    self.loop = loop
    self.names = names
    self.log = log
  }

  /// From any thread.
  func tell(_ report: DeliveryReport) {
    guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.maximumWaiting else {
      waiting.wrappingSubtract(1, ordering: .relaxed)
      return log.warning("stage", report.queueID, "stages were not told of a delivery: \(Self.maximumWaiting) others wait to be told")
    }
    loop.spawn { [self] in
      let session = ChainSession(chain, on: loop, names: names) { $0 == "queue.id" ? report.queueID.description : nil }
      session.delivered(to: report.recipient, reply: report.text, parameters: report.parameters)
      waiting.wrappingSubtract(1, ordering: .relaxed)
    }
  }
}

extension DeliveryReport {
  fileprivate var parameters: [(key: String, value: [UInt8])] {
    let status = self.status == .sent ? "delivered" : self.status.rawValue
    return [("queue.id", queueID.description), ("status", status), ("dsn", dsn), ("host", relay)].map { ($0.0, Array($0.1.utf8)) }
  }
}
