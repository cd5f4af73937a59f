// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import Settings
import Spool

/// A lane that another process has left with mail in it: its deliveries, and the socket by which `weir queue` sees it.
struct AdoptedLane {
  let number: UInt8
  private let spool: Spool
  private let delivery: LocalDelivery
  private let control: ControlServer
  private let visitors: ControlServer

  /// Nil when nothing is in it; its lock is free again then.
  init?(_ lane: Lane, _ means: LaneKeeper.Means) throws {
    number = lane.number
    let log = means.log
    spool = try Spool(lane, means.setup.configuration) { SpoolLog.write($0, to: log) }
    if spool.isEmpty { return nil }
    delivery = LocalDelivery(
      means.setup, spool: spool, lane: number, users: means.users, usesMailboxService: means.usesMailboxService, relaying: means.relaying,
      senders: SenderReporter(means.setup, spool: spool, home: means.home, pool: means.pool, log: log), reports: means.reports, log: log)
    control = ControlServer(path: Setup.controlSocket(of: lane), queue: spool, pool: means.pool, log: log)
    visitors = ControlServer(
      path: PublicQueue.socket(of: lane.number, in: means.setup.publicFolder), visitors: ControlServer.Visitors(means.setup), queue: spool,
      pool: means.pool, log: log)
    try spool.start()
    try delivery.start()
    control.start(on: means.loop)
    visitors.start(on: means.loop)
  }

  var isDone: Bool { spool.isEmpty }

  /// Begins nothing more; true once nothing is under way.
  func end(within patience: Duration) -> Bool { delivery.end(within: patience) }

  /// Lets go of the lane, for whoever takes it next: nothing of it is under way any more.
  func release() {
    control.stop()
    visitors.stop()
    delivery.stop()
    spool.stop()
    if spool.isEmpty { spool.removeSpares() }
  }
}
