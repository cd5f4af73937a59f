// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// `weir run`: checks the configuration, opens what only the first process may open, and supervises the rest.
struct Foreground {
  private let options: Options
  private let setup: Setup
  private let owner: SystemUser?
  private let manager: ServiceManager
  private let log: Log
  private let deployments: Deployments
  /// Held as long as this process lives.
  private let lock: MasterLock?

  static func run(_ options: Options) -> Int32 {
    do {
      try Signal.blockAll()
      let manager = ServiceManager.take()
      let inherited = try InheritedSocket.take()
      let memory = try SharedMemory("weir-handover")
      let preparation = try Preparation(options, memory: memory, isColored: Terminal.wantsColour(2))
      if preparation.hasDiagnostics { Terminal.writeError(preparation.report) }
      guard let setup = preparation.setup else { return ExitStatus.configuration }
      let foreground = try Foreground(options, setup, preparation.handover, memory, manager, inherited)
      Machine.releaseFreeMemory()
      return try foreground.supervise()
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.systemError
    }
  }

  private init(
    _ options: Options, _ setup: Setup, _ handover: Handover, _ memory: SharedMemory, _ manager: ServiceManager, _ inherited: [InheritedSocket]
  ) throws {
    self.options = options
    self.setup = setup.withoutTables
    self.manager = manager
    owner = Machine.isRoot ? try setup.owner() : nil
    try Folder.ensure(setup.dataFolder, owner: owner)
    try Folder.ensure(setup.queueFolder, owner: owner)
    try setup.ensurePublicFolders(owner: owner)
    let sockets = try ListeningSockets.open(setup, hosts: handover.hosts, inherited: inherited)
    lock = try MasterLock(setup, owner: owner)
    log = try DaemonLog.open(setup, .master, owner: owner)
    for folder in setup.ownFolders { try Folder.ensure(folder, owner: owner) }
    deployments = try Deployments(
      Deployment(setup, handover.files, memory, sockets), options, program: Machine.executable, owner: owner, inherited: inherited, log: log)
  }

  private func supervise() throws -> Int32 {
    let supervisor = Supervisor(deployments, log: log, manager: manager)
    let reloads = try ReloadSocket(setup.masterSocket, owner: owner)
    log.info("master", "\(Product.name) \(Product.version), configuration \(setup.name)")
    let sockets = deployments.current.sockets.filter { $0.listener != setup.configuration.pickup.name }
    for socket in sockets { log.info("master", "listening on \(socket.text)") }
    if setup.isDemo { Terminal.writeError(Greeting.text(setup, sockets)) }
    try reloads.start(supervisor.requests)
    return try supervisor.run()
  }
}

/// Why the daemon cannot start, and what to do.
struct StartError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
