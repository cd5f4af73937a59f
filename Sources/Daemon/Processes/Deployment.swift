// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// A configuration that is being served, or is about to be: what the supervisor keeps of it.
final class Deployment {
  /// Without its tables: the other processes look into them.
  let setup: Setup
  /// The certificates and keys that it names.
  let keyFiles: Set<String>
  let sockets: [ListeningSockets.Opened]
  var tables: TableWatch
  private let memory: SharedMemory

  init(_ setup: Setup, _ files: RecordedFiles, _ memory: SharedMemory, _ sockets: [ListeningSockets.Opened]) {
    tables = TableWatch(files)
    keyFiles = setup.keyFiles
    self.setup = setup.withoutTables
    self.memory = memory
    self.sockets = sockets
  }

  /// The processes that serve it, as a generation with this number. `mailbox` is the socket of the mailbox process, where there is one.
  func services(_ number: Int, owner: SystemUser?, mailbox: Int32?, doors: WorkerDoors?) throws(SystemError) -> [Supervisor.Service] {
    var services: [Supervisor.Service] = []
    let words = ["--generation", "\(number)"]
    if let mailbox {
      services.append(
        Supervisor.Service(name: "mailbox", arguments: ["service", "mailbox"] + words, descriptors: [memory.descriptor, mailbox], identity: nil))
    }
    if let doors { services.append(try doors.keeper(words)) }
    let groups = try owner?.groups()
    let identity = owner.map { ChildProcess.Identity(user: $0.uid, group: $0.gid, groups: groups ?? []) }
    // The door comes after the listeners.
    let door = doors.map { _ in ["--door", "\(Int(Handover.firstSocket) + sockets.count)"] } ?? []
    services.append(
      Supervisor.Service(
        name: "mta", arguments: ["service", "mta"] + words + door + sockets.map(\.listener),
        descriptors: [memory.descriptor] + sockets.map(\.descriptor) + (doors.map { [$0.mta] } ?? []), identity: identity))
    return services
  }
}
