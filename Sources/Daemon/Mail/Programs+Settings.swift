// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import Runtime
import Settings
import Spool
import Tables

extension TransportTable {
  /// The name of the transport for local recipients that are more than mailboxes: only the router says it.
  static let aliases = "local-aliases"

  /// `aliases`, and the programs of `transport` blocks.
  mutating func addPrograms(_ means: Relaying.Means) {
    let setup = means.setup
    let programs = BlockingPool(name: "program", threads: 20, queue: 4096)
    for block in setup.configuration.transports {
      if block.kind == .pipe {
        add(block.name.text, PipeTransport(PipeRules(block, setup), pool: programs, clock: wallClock), service: "pipe")
      } else if let row = self[block.kind.rawValue] {
        self[block.name.text] = row
      }
    }
    guard let policy = setup.relayPolicy() else { return }
    let spool = means.spool
    let local = LocalPrograms(
      LocalRules(setup), aliases: setup.localAliases(policy), hostname: setup.configuration[Keys.myhostname], pool: programs, clock: wallClock
    ) { envelope, chunks in
      let id = spool.nextQueueID()
      guard spool.memory.take(chunks.reduce(0) { $0 + $1.count }) else { return nil }
      return await spool.commit(IncomingMessage(id: id, envelope: envelope, content: .memory(chunks))) == .committed ? id : nil
    }
    add(Self.aliases, local, service: "local")
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
  func router(users: UserDirectory, isProbing: Bool = false) -> any Router {
    guard let policy = relayPolicy() else { return NoRouter() }
    let (rules, aliases) = (LocalRules(self), localAliases(policy))
    let host = configuration[Keys.myhostname]
    return router(isProbing: isProbing) {
      rules.hop(for: $0, aliases, host: host, isUser: { try? users.isUser($0, .local, now: wallClock()) }, name: TransportTable.aliases)
    }
      ?? NoRouter()
  }
}

/// Without a listener nothing comes in.
private struct NoRouter: Router {
  func route(_ recipient: Recipient, sender: String) -> Routing { .deferred(Reason(status: "4.3.5", text: "there is no listener")) }
}
