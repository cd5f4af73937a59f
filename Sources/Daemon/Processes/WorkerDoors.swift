// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime

/// The door between a process of a generation, the mta or the mailbox process, and the keeper that starts its workers as another user, and what those workers may do.
/// It goes with the generation; a process or a keeper that dies is followed by one with the same end of it.
final class WorkerDoors {
  let client: Int32
  private let keeper: Int32
  private let orders: Int32
  private let user: SystemUser

  static let service = "workers"
  private static let bufferSize = 64 * 1024

  /// Nil where no worker is needed, or none that runs as another user.
  init?(_ setup: Setup, _ orders: [WorkerOrder]) throws {
    guard !orders.isEmpty, let user = try setup.workerUser() else { return nil }
    self.user = user
    self.orders = try SealedMemory.make("weir-orders", WorkerOrder.encode(orders))
    do {
      (client, keeper) = try PacketSocket.pair(size: Self.bufferSize)
    } catch {
      closeDescriptor(self.orders)
      throw error
    }
  }

  deinit {
    for descriptor in [client, keeper, orders] { closeDescriptor(descriptor) }
  }

  /// The `workers` process. It runs as the user that workers run as, and knows nothing of the configuration but their orders.
  static func keep() -> Int32 {
    guard !Machine.isRoot else { return ExitStatus.failure }
    return WorkerKeeper.run(orders: Handover.memoryDescriptor, door: Handover.firstSocket, heartbeat: Handover.heartbeat)
  }

  func keeper(_ words: [String]) throws(SystemError) -> Supervisor.Service {
    Supervisor.Service(
      name: Self.service, arguments: ["service", Self.service] + words, descriptors: [orders, keeper],
      identity: ChildProcess.Identity(user: user.uid, group: user.gid, groups: try user.groups()), memory: .largePages)
  }
}
