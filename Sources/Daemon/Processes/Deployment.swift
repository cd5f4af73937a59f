// SPDX-License-Identifier: Apache-2.0
import Pipeline
import PluginHost
import Runtime
import Settings

/// A configuration that is being served, or is about to be: what the supervisor keeps of it.
final class Deployment {
  /// Without its tables: the other processes look into them.
  let setup: Setup
  /// The certificates and keys that it names.
  let keyFiles: Set<String>
  let sockets: [ListeningSockets.Opened]
  /// What workers of its stages and of its tables may do.
  let stageOrders: [WorkerOrder]
  let tableOrders: [WorkerOrder]
  var tables: TableWatch
  private let memory: SharedMemory

  init(_ setup: Setup, _ files: RecordedFiles, _ memory: SharedMemory, _ sockets: [ListeningSockets.Opened]) {
    tables = TableWatch(files)
    keyFiles = setup.keyFiles
    stageOrders = StagePlan(setup).entries.map(\.settings).filter { $0.mode == .worker }.map { WorkerOrder($0) }
    tableOrders = TablePlan(setup).workerOrders
    self.setup = setup.withoutTables
    self.memory = memory
    self.sockets = sockets
  }

  /// The processes that serve it, as a generation with this number. `mailbox` is the socket of the mailbox process, where there is one.
  func services(_ number: Int, owner: SystemUser?, mailbox: Int32?, doors: WorkerDoors?, mailboxDoors: WorkerDoors?) throws(SystemError)
    -> [Supervisor.Service]
  {
    var services: [Supervisor.Service] = []
    let words = ["--generation", "\(number)"]
    if let mailbox {
      services.append(
        Supervisor.Service(
          name: "mailbox", arguments: ["service", "mailbox"] + words + Self.door(mailboxDoors, after: 1),
          descriptors: [memory.descriptor, mailbox] + (mailboxDoors.map { [$0.client] } ?? []), identity: nil))
      if let mailboxDoors { services.append(try mailboxDoors.keeper(words)) }
    }
    if let doors { services.append(try doors.keeper(words)) }
    let groups = try owner?.groups()
    let identity = owner.map { ChildProcess.Identity(user: $0.uid, group: $0.gid, groups: groups ?? []) }
    services.append(
      Supervisor.Service(
        name: "mta", arguments: ["service", "mta"] + words + Self.door(doors, after: sockets.count) + sockets.map(\.listener),
        descriptors: [memory.descriptor] + sockets.map(\.descriptor) + (doors.map { [$0.client] } ?? []), identity: identity))
    return services
  }

  /// It comes after the sockets.
  private static func door(_ doors: WorkerDoors?, after count: Int) -> [String] {
    doors == nil ? [] : ["--door", "\(Int(Handover.firstSocket) + count)"]
  }
}
