// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import SMTP
import Settings
import Spool

/// A process that the supervisor started: finds its configuration on descriptor 3 and its sockets after it.
enum ServiceProcess {
  static func run(_ name: String, _ options: Options, generation: Int, door: Int32?, listeners: [String]) -> Int32 {
    if name == ReloadCheck.service { return ReloadCheck.run(options) }
    if name == "probe" { return PluginProbe.run() }
    if name == WorkerDoors.service { return WorkerDoors.keep() }
    do {
      try Signal.blockAll()
      Machine.limitHeaps()
      guard let handover = Handover(try MemoryView(Handover.memoryDescriptor)) else {
        throw StartError("'weir service' is for 'weir run' to use")
      }
      closeDescriptor(Handover.memoryDescriptor)
      guard var setup = Setup.load(handover) else { throw StartError("the configuration that was handed down cannot be read") }
      setup.generation = generation
      setup.workerDoor = door
      let lane = try name == "mta" ? ownLane(setup) : nil
      let log = try DaemonLog.open(setup, DaemonLog.Role(rawValue: name) ?? .mta, owner: nil, lane: lane?.path)
      defer { log.flush() }
      return serve(name, handover, setup, lane, listeners, log)
    } catch {
      Terminal.writeError("weir: \(name): \(error)\n")
      Heartbeat.end("\(error)", on: Handover.heartbeat)
      return ExitStatus.systemError
    }
  }

  private static func ownLane(_ setup: Setup) throws -> Lane {
    guard !Machine.isRoot else { throw StartError("the mta must not run as root") }
    try Folder.ensure(setup.queueFolder, owner: nil)
    return try Lane.firstFree(in: setup.queueFolder, disk: LinuxDisk())
  }

  private static func serve(_ name: String, _ handover: Handover, _ setup: Setup, _ lane: Lane?, _ listeners: [String], _ log: Log) -> Int32 {
    do {
      switch (name, lane) {
      case ("mta", let lane?): try serveMail(handover, setup, lane, listeners, log)
      case ("mailbox", _): try MailboxProcess.run(setup, log)
      default: throw StartError("there is no service '\(name)'")
      }
      return ExitStatus.success
    } catch {
      log.error("master", "\(name): \(error)")
      Heartbeat.end("\(error)", on: Handover.heartbeat)
      return ExitStatus.failure
    }
  }

  private static func serveMail(_ handover: Handover, _ setup: Setup, _ lane: Lane, _ listeners: [String], _ log: Log) throws {
    Machine.forbidDumps()
    _ = Machine.raiseDescriptorLimit()
    Machine.keepHeaps()
    let service = try MailService(setup, lane: lane, usesMailboxService: handover.isFromRoot, log: log)
    let sockets = listeners.enumerated().map { index, listener in (listener: listener, descriptor: Handover.firstSocket + Int32(index)) }
    try service.run(sockets)
  }
}
