// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

/// The configuration that is served, and how another takes its place.
final class Deployments {
  let program: String
  private(set) var current: Deployment
  private let options: Options
  private let owner: SystemUser?
  private let inherited: [InheritedSocket]
  private let log: Log
  private var stager: Stager?

  init(_ current: Deployment, _ options: Options, program: String, owner: SystemUser?, inherited: [InheritedSocket], log: Log) throws {
    self.program = program
    self.current = current
    self.options = options
    self.owner = owner
    self.inherited = inherited
    self.log = log
    try stage(current)
  }

  /// The processes that serve it, not started yet.
  func generation(_ number: Int, of deployment: Deployment) throws -> Generation {
    var mailbox: MailboxSocket?
    var (doors, mailboxDoors): (WorkerDoors?, WorkerDoors?)
    if let owner {
      var setup = deployment.setup
      setup.generation = number
      mailbox = try MailboxSocket(setup.mailboxSocket, owner: owner)
      let orders = deployment.stageOrders + deployment.tableOrders
      if !orders.isEmpty { try sayWhoRuns(setup) }
      doors = try WorkerDoors(setup, orders)
      // It has tables alone.
      mailboxDoors = try WorkerDoors(setup, deployment.tableOrders)
    }
    let services = try deployment.services(number, owner: owner, mailbox: mailbox?.descriptor, doors: doors, mailboxDoors: mailboxDoors)
    return Generation(number, deployment, services, mailbox, [doors, mailboxDoors].compactMap(\.self))
  }

  /// Workers as the mta's own user can read and signal what that user can, but for their sandbox.
  private func sayWhoRuns(_ setup: Setup) throws {
    let (user, owner) = (setup.configuration[Keys.workerUser], setup.configuration[Keys.mailOwner])
    guard user != owner, try SystemUser.find(user) == nil else { return }
    log.warning("master", "there is no user \(user) (worker_user): plugins in workers run as \(owner), as the mta does")
  }

  /// Now and then: what may have changed on the disk.
  func chore() { stager?.refresh() }

  func reopenLog() { DaemonLog.reopen(log, current.setup, owner: owner) }

  // MARK: Reload

  func startCheck() throws(SystemError) -> ReloadCheck { try ReloadCheck(program, options) }

  /// What the check has read, with its listeners open.
  func open(_ check: ReloadCheck) throws -> Deployment {
    guard let handover = Handover(try MemoryView(check.memory.descriptor)), let setup = Setup.load(handover) else {
      throw StartError("the configuration that was checked cannot be read")
    }
    try refuseWhatCannotChange(setup)
    for folder in setup.ownFolders { try Folder.ensure(folder, owner: owner) }
    try setup.ensurePublicFolders(owner: owner)
    let sockets = try ListeningSockets.open(setup, hosts: handover.hosts, inherited: inherited, open: current.sockets)
    let deployment = Deployment(setup, handover.files, check.memory, sockets)
    do {
      try stage(deployment)
    } catch {
      discard(deployment)
      throw error
    }
    return deployment
  }

  /// The files in these folders belong to processes that go on.
  private func refuseWhatCannotChange(_ setup: Setup) throws(ReloadRefusal) {
    let old = current.setup.configuration
    let new = setup.configuration
    let values =
      [Keys.queueDirectory, Keys.dataDirectory].map { ($0.name, old[$0], new[$0]) } + [
        (Keys.mailOwner.name, old[Keys.mailOwner], new[Keys.mailOwner])
      ]
    for (name, old, new) in values where old != new && (name != Keys.mailOwner.name || owner != nil) {
      throw ReloadRefusal(
        description: "\(setup.name): \(name) cannot change from \(old) to \(new) while Weir runs: stop it, move what is there, and start it again")
    }
  }

  /// It serves from now on.
  func use(_ deployment: Deployment) {
    let old = current
    current = deployment
    for socket in ListeningSockets.missing(old.sockets, in: deployment.sockets) { ListeningSockets.close(socket) }
    reopenLog()
    Machine.releaseFreeMemory()
  }

  /// It does not serve after all.
  func discard(_ deployment: Deployment) {
    for socket in ListeningSockets.missing(deployment.sockets, in: current.sockets) { ListeningSockets.close(socket) }
  }

  /// Old generations have their copies and read them once more at most.
  private func stage(_ deployment: Deployment) throws(SystemError) {
    guard let owner else { return }
    let next = try Stager(deployment.setup.staged, sources: deployment.keyFiles, owner: owner, log: log)
    next.refresh()
    stager = next
  }
}

/// Why a reload is not done though the configuration is right.
struct ReloadRefusal: Error, CustomStringConvertible {
  let description: String
}
