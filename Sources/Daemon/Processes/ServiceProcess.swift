// SPDX-License-Identifier: Apache-2.0
import Delivery
import Runtime
import SMTP
import Settings

/// A process that the supervisor started: finds its configuration on descriptor 3 and its sockets after it.
enum ServiceProcess {
  static func run(_ name: String) -> Int32 {
    do {
      try Signal.blockAll()
      Machine.limitHeaps()
      guard let handover = Handover(try MemoryView(Handover.memoryDescriptor)) else {
        throw StartError("'weir service' is for 'weir run' to use")
      }
      closeDescriptor(Handover.memoryDescriptor)
      guard let setup = Setup.load(handover) else { throw StartError("the configuration that was handed down cannot be read") }
      let log = try DaemonLog.open(setup, DaemonLog.Role(rawValue: name) ?? .mta, owner: nil)
      defer { log.flush() }
      return serve(name, handover, setup, log)
    } catch {
      Terminal.writeError("weir: \(name): \(error)\n")
      return ExitStatus.systemError
    }
  }

  private static func serve(_ name: String, _ handover: Handover, _ setup: Setup, _ log: Log) -> Int32 {
    do {
      switch name {
      case "mta": try serveMail(handover, setup, log)
      case "mailbox": try MailboxProcess.run(setup, log)
      default: throw StartError("there is no service '\(name)'")
      }
      return ExitStatus.success
    } catch {
      log.error("master", "\(name): \(error)")
      return ExitStatus.failure
    }
  }

  private static func serveMail(_ handover: Handover, _ setup: Setup, _ log: Log) throws {
    guard !Machine.isRoot else { throw StartError("the mta must not run as root") }
    Machine.forbidDumps()
    _ = Machine.raiseDescriptorLimit()
    let service = try MailService(setup, usesMailboxService: handover.isFromRoot, log: log)
    let sockets = handover.sockets.enumerated().map { index, socket in
      (listener: socket.listener, descriptor: Handover.firstSocket + Int32(index))
    }
    try service.run(sockets)
  }
}
