// SPDX-License-Identifier: Apache-2.0
import Delivery
import PluginHost
import Queue
import Runtime
import SMTP
import Settings
import Spool
import Tables

extension TransportTable {
  /// The name of the transport for local recipients that are more than mailboxes: only the router says it.
  static let aliases = "local-aliases"

  /// `aliases`, and the programs of `transport` blocks.
  mutating func addPrograms(_ means: Relaying.Means) {
    let setup = means.setup
    let programs = BlockingPool(name: "program", threads: ProgramHandler.most, queue: 4096)
    guard let policy = setup.relayPolicy() else { return }
    let aliases = setup.localAliases(policy)
    let own: any ProgramPerformer = OwnPrograms(ProgramHandler(setup, aliases, mayBecomeOthers: false, log: means.log))
    let others: any ProgramPerformer = means.others ?? own
    for block in setup.configuration.transports {
      if block.kind == .pipe {
        let performer = block.user.isEmpty ? own : others
        add(
          block.name.text, PipeTransport(block.name.text, command: block.argv.first ?? "", performer, pool: programs, clock: wallClock),
          service: "pipe")
      } else if !TransportBlock.clients.contains(block.kind.rawValue), let row = self[block.kind.rawValue] {
        self[block.name.text] = row
      }
    }
    let (spool, expander, log) = (means.spool, means.expander, means.log)
    let local = LocalPrograms(
      others, aliases: aliases, addsDeliveredTo: setup.configuration[Keys.prependDeliveredHeader].contains("forward"),
      hostname: setup.configuration[Keys.myhostname], pool: programs, clock: wallClock
    ) { envelope, chunks in
      var envelope = envelope
      switch await expander?.expand(envelope.recipients, sender: envelope.sender, wantsCopies: false) {
      case .recipients(let recipients)?: envelope.recipients = recipients
      case .failed(let cause)?:
        log.warning("local", cause)
        return nil
      case nil: break
      }
      let id = spool.nextQueueID()
      guard spool.memory.take(chunks.reduce(0) { $0 + $1.count }) else { return nil }
      return await spool.commit(IncomingMessage(id: id, envelope: envelope, content: .memory(chunks))) == .committed ? id : nil
    }
    add(Self.aliases, local, service: "local")
  }
}

extension ProgramHandler {
  /// Programs that run at a time.
  static let most = 20

  /// `mayBecomeOthers`: this process is the mailbox process.
  convenience init(_ setup: Setup, _ aliases: LocalAliases, mayBecomeOthers: Bool, log: Log) {
    var rules = LocalRules(setup)
    rules.commands.mayBecomeOthers = mayBecomeOthers
    let pipes = setup.configuration.transports.filter { $0.kind == .pipe }.map { block in
      var pipe = PipeRules(block, setup)
      pipe.commands.mayBecomeOthers = mayBecomeOthers
      return pipe
    }
    self.init(rules, aliases: aliases, pipes: pipes, disk: LinuxDisk(), clock: wallClock) { log.info("local", $0) }
  }
}

extension PipeRules {
  init(_ block: TransportBlock, _ setup: Setup) {
    self.init(name: block.name.text, argv: block.argv)
    flags = Set(block.flags)
    user = block.user
    directory = block.directory
    root = block.chroot
    lineEnd = Self.bytes(ofLineEnd: block.eol)
    size = block.size
    nullSender = block.nullSender
    commands = CommandRules(setup)
    timeLimit = block.timeLimit ?? commands.timeLimit
    delimiters = setup.configuration[Keys.recipientDelimiter]
  }
}

extension Configuration {
  /// Who has a mailbox that this server writes, and nothing else: the others are the scheduler's.
  var mailboxRoutes: Recipient.Routes {
    var routes: Recipient.Routes = []
    let hasOther =
      [Keys.mailboxTransport, Keys.fallbackTransport, Keys.mailboxCommand].contains { !self[$0].isEmpty }
      // An address with a domain may be on another host.
      || self[Keys.luserRelay].contains("@")
    let hasTables = [Keys.mailboxTransportMaps, Keys.fallbackTransportMaps, Keys.mailboxCommandMaps, Keys.transportMaps, Keys.relocatedMaps].contains
    {
      !self[$0].isEmpty
    }
    if TransportText(self[Keys.localTransport]).transport == "local", !hasOther, !hasTables { routes.insert(.init(.local)) }
    let hasRouting = !self[Keys.transportMaps].isEmpty || !self[Keys.relocatedMaps].isEmpty
    if TransportText(self[Keys.virtualTransport]).transport == "virtual", !hasRouting { routes.insert(.init(.virtual)) }
    return routes
  }
}

extension Setup {
  /// Where mail goes, local recipients that are more than mailboxes among it.
  func router(users: UserDirectory, forwards: any ForwardDirectory = NoForwards(), isProbing: Bool = false) -> any Router {
    guard let policy = relayPolicy() else { return NoRouter() }
    if hasSlowTables { return WaitingRouter(router(policy, users, forwards, isProbing: isProbing)) }
    return router(policy, users, forwards, isProbing: isProbing)
  }

  private func router(_ policy: RelayPolicy, _ users: UserDirectory, _ forwards: any ForwardDirectory, isProbing: Bool) -> any Router {
    let (rules, aliases) = (LocalRules(self), localAliases(policy))
    let host = configuration[Keys.myhostname]
    return router(isProbing: isProbing) {
      rules.hop(
        for: $0, aliases, host: host, isUser: { try? users.isUser($0, .local, now: wallClock()) }, hasForward: forwards.hasForward,
        name: TransportTable.aliases)
    }
      ?? NoRouter()
  }
}

/// Asks tables that take their time. Where one has no answer, nothing that was found without it counts.
private struct WaitingRouter: Router {
  let router: any Router

  init(_ router: any Router) { self.router = router }

  func route(_ recipient: Recipient, sender: String) -> Routing {
    let (routing, hasFailed) = Lookups.wait { router.route(recipient, sender: sender) }
    if hasFailed, case .to = routing { return .deferred(Reason(status: "4.3.0", text: "address resolver failure: a table gives no answer")) }
    return routing
  }

  func hop(through filter: String, for recipient: Recipient) -> NextHop { router.hop(through: filter, for: recipient) }
}

/// For who only wants to know whether there is such a user.
struct NoForwards: ForwardDirectory {
  func hasForward(_ address: String) -> Bool? { false }
}

/// Without a listener nothing comes in.
private struct NoRouter: Router {
  func route(_ recipient: Recipient, sender: String) -> Routing { .deferred(Reason(status: "4.3.5", text: "there is no listener")) }
}
