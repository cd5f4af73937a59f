// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics
import Runtime
import Settings

/// `weir run`: checks the configuration, opens what only the first process may open, and supervises the rest.
struct Foreground {
  /// Without its tables: the other processes look into them.
  private let setup: Setup
  private let keyFiles: Set<String>
  private let options: Options
  private let files: RecordingFiles
  private let owner: SystemUser?
  private let manager: ServiceManager
  private let log: Log

  static func run(_ options: Options) -> Int32 {
    do {
      try Signal.blockAll()
      let manager = ServiceManager.take()
      let inherited = try InheritedSocket.take()
      guard let foreground = try Foreground(options, manager) else { return ExitStatus.configuration }
      Machine.releaseFreeMemory()
      return try foreground.supervise(inherited)
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.systemError
    }
  }

  /// Nil if the configuration is wrong, and that was told.
  private init?(_ options: Options, _ manager: ServiceManager) throws {
    let files = try RecordingFiles(LinuxFiles())
    let (setup, loaded, name) = Setup.load(options, files: files)
    let result = loaded.adding(setup.map { CertificateCheck(setup: $0, isStarting: true).diagnostics } ?? [])
    let report = CheckReport(result, name: name, isColored: Terminal.wantsColour(2))
    if !result.diagnostics.isEmpty { Terminal.writeError(report.text) }
    guard let setup, report.exitStatus == 0 else { return nil }
    keyFiles = setup.keyFiles
    self.setup = setup.withoutTables
    self.manager = manager
    self.options = options
    self.files = files
    owner = Machine.isRoot ? try setup.owner() : nil
    try setup.checkVirtualOwners()
    try Folder.ensure(setup.dataFolder, owner: owner)
    try Folder.ensure(setup.queueFolder, owner: owner)
    log = try DaemonLog.open(setup, .master, owner: owner)
  }

  private func supervise(_ inherited: [InheritedSocket]) throws -> Int32 {
    for folder in setup.ownFolders { try Folder.ensure(folder, owner: owner) }
    let sockets = try ListeningSockets.open(setup, inherited: inherited)
    let stager = try stage()
    let supervisor = Supervisor(
      program: Machine.executable, services: try services(sockets), log: log, manager: manager, watchdog: setup.configuration[Keys.watchdogTimeout])
    log.info("master", "\(Product.name) \(Product.version), configuration \(setup.name)")
    for socket in sockets { log.info("master", "listening on \(socket.text)") }
    if setup.isDemo { Terminal.writeError(Greeting.text(setup, sockets)) }
    return supervisor.run {
      stager?.refresh()
    } reopened: {
      DaemonLog.reopen(log, setup, owner: owner)
    }
  }

  private func services(_ sockets: [ListeningSockets.Opened]) throws -> [Supervisor.Service] {
    var handover = Handover()
    handover.configuration = options.configuration
    handover.data = options.data
    handover.isFromRoot = owner != nil
    handover.files = files.recorded
    handover.sockets = sockets.map { Handover.Socket(listener: $0.listener, address: $0.text) }
    let identity = try owner.map { ChildProcess.Identity(user: $0.uid, group: $0.gid, groups: try $0.groups()) }
    let memory = try files.sealed(endingIn: handover.encoded())
    var services: [Supervisor.Service] = []
    if owner != nil {
      let mailbox = try ListeningSocket.open(path: setup.mailboxSocket, mode: 0o600, backlog: 64)
      if let owner { try Folder.giveAway(setup.mailboxSocket, to: owner) }
      services.append(
        Supervisor.Service(name: "mailbox", arguments: ["service", "mailbox"], descriptors: [memory.descriptor, mailbox], identity: nil))
    }
    services.append(
      Supervisor.Service(
        name: "mta", arguments: ["service", "mta"], descriptors: [memory.descriptor] + sockets.map(\.descriptor), identity: identity))
    return services
  }

  private func stage() throws(SystemError) -> Stager? {
    guard let owner else { return nil }
    let stager = try Stager(setup.staged, sources: keyFiles, owner: owner, log: log)
    stager.refresh()
    return stager
  }
}

/// Why the daemon cannot start, and what to do.
struct StartError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
