// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Message
import Names
import Queue
import Restrictions
import Runtime
import SMTP
import Server
import Settings
import Tables

/// What the sessions of all listeners stand on. Whoever plays a session differently puts something else in place of a part.
struct SessionGround: Sendable {
  let setup: Setup
  let log: Log
  let pool: BlockingPool
  let users: UserDirectory
  let room: RoomLookup?
  let stages: StageAssembly
  let store: any MessageStore
  /// With the answers remembered.
  let names: any NameService
  /// For restrictions, which remember by themselves.
  let directNames: any NameService
  /// Who gets mail in the end; nil where that is always who was named.
  let expander: RecipientExpander?
  /// Finds out whether addresses take mail.
  let verifier: any AddressVerification
  let policies: @Sendable (EventLoop) -> any PolicyService

  /// What the sessions of a listener share on a loop. Without `tls` nobody can begin it.
  func services(
    for listener: ListenerConfiguration, limits: ClientLimits? = nil, tls: (@Sendable () -> TLSServerContext?)? = nil, screen: Screen? = nil
  ) -> @Sendable (EventLoop) -> Services {
    let name = listener.name
    var server = ServerConfiguration(listener, setup, ownAddresses: setup.ownAddresses())
    if tls == nil { server.smtpdTlsSecurityLevel = .none }
    server.checksRoom = room != nil
    let judge = Judge.needed(listener, setup, server)
    let chain = stages.chain(for: name)
    server.judgedMoments = (judge?.moments ?? []).union(chain?.moments ?? []).union(server.relay.judgedMoments)
    let context = ServerContext(server, meter: limits.flatMap { $0.metersEvents ? $0 : nil })
    let clients = ClientLookup(names: listener[Keys.smtpdPeernameLookup] ? PeerNames(service: names) : nil)
    let recipients = recipients(of: listener)
    let habits = Habits(listener, setup, ownAddresses: context.configuration.relay.ownAddresses)
    let log = log.named(listener[Keys.syslogName])
    let proxies = ProxyReader(listener, setup)
    let footer = RejectFooter(listener, setup)
    let ownNetworks = setup.networks(listener[Keys.mynetworks])
    let expansion = listener[Keys.receiveOverrideOptions].contains("no_address_mappings") ? nil : arrivalExpansion
    let (canonical, rewritesHeader) = (
      expander?.canonicalizes, listener.headersRewritten(setup, ownAddresses: context.configuration.relay.ownAddresses)
    )
    let notices = SessionNotices(setup, pool: pool)
    let directNames = FilteredNames.of(directNames, setup.tables(listener[Keys.smtpdDnsReplyFilter]))
    let keepsClient =
      setup.clientTransports.contains { setup.seen(by: $0.block).configuration[$0.keys.talk.sendXforward] }
      || setup.configuration.transports.contains { $0.argv.contains { $0.contains("client_") || $0.contains("sasl_") } }
    return { [self] loop in
      let restrictions = judge.map { RestrictionServices(judge: $0, names: directNames, policies: policies(loop), verifier: verifier) }
      let services = Services(
        context: context, log: log, store: store, users: recipients, names: clients, limits: limits, habits: habits, tls: tls,
        isImplicitTLS: listener[Keys.smtpdTlsWrappermode], restrictions: restrictions, arrival: ArrivalHeaders(listener),
        zone: { LocalZone.at($0).zone })
      services.proxies = proxies
      services.footer = footer
      services.screen = screen
      services.expand = expansion
      if expansion != nil { services.canonical = canonical }
      services.rewritesHeader = rewritesHeader
      services.contentFilter = listener[Keys.contentFilter]
      services.keepsClient = keepsClient
      services.notices = notices
      services.stages = chain.map { chain in
        StageServices(chain: chain, names: names, loop: loop, listener: name, pool: pool) { client in
          client.address.map(ownNetworks.contains) ?? true
        }
      }
      return services
    }
  }

  var arrivalExpansion: (@Sendable (_ recipients: [Recipient], _ sender: String) async -> Expansion)? {
    guard let expander else { return nil }
    return { recipients, sender in await expander.expand(recipients, sender: sender, wantsCopies: true) }
  }

  private func recipients(of listener: ListenerConfiguration) -> RecipientLookup {
    RecipientLookup(
      users: users, virtualMailboxes: setup.virtualMailboxMaps, localRecipients: setup.localRecipientMaps,
      relayRecipients: setup.tables(listener[Keys.relayRecipientMaps]), virtualAliases: setup.relayPolicy().map(setup.virtualAliases),
      canonical: setup.relayPolicy().map(setup.canonicalAddresses).flatMap { $0.isIdle ? nil : $0 },
      router: setup.router(),
      delimiters: listener[Keys.recipientDelimiter], localRefusal: RecipientVerdict(LocalTransport(setup.configuration[Keys.localTransport])),
      transport: TransportText(setup.configuration[Keys.virtualTransport]).transport, verifySender: VerifySender(setup.configuration), room: room,
      isPatient: setup.hasSlowTables, pool: pool, log: log, now: wallClock)
  }
}

extension RelayPolicy {
  /// When lists of domains are asked, a session must be able to wait.
  var judgedMoments: JudgementRequest.Moments { asksSlowly ? [.init(.recipient), .init(.verify)] : [] }
}

extension Habits {
  init(_ listener: ListenerConfiguration, _ setup: Setup, ownAddresses: Set<IPAddress>) {
    self.init()
    tellsTLSInReceived = listener[Keys.smtpdTlsReceivedHeader]
    logsClientPort = listener[Keys.smtpdClientPortLogging]
    logsTLS = listener[Keys.smtpdTlsLoglevel] > 0
    marksRefusals = listener[Keys.traceCodes]
    tracesSubjects = setup.configuration[Keys.traceSubjects]
    let isLocal = listener.localHeaderClients(setup, ownAddresses: ownAddresses)
    let always = listener[Keys.alwaysAddMissingHeaders]
    completesHeader = { always || isLocal($0) }
  }
}

extension ListenerConfiguration {
  /// `local_header_rewrite_clients`; who comes by no network is one of them.
  fileprivate func localHeaderClients(_ setup: Setup, ownAddresses: Set<IPAddress>) -> @Sendable (IPAddress?) -> Bool {
    let words = Set(self[Keys.localHeaderRewriteClients])
    let networks = words.contains("permit_mynetworks") ? setup.networks(self[Keys.mynetworks]) : NetworkList()
    let own = words.contains("permit_inet_interfaces") ? ownAddresses : []
    return { address in address.map { own.contains($0) || networks.contains($0) } ?? true }
  }

  /// Whose headers canonical_maps and the like count for.
  func headersRewritten(_ setup: Setup, ownAddresses: Set<IPAddress>) -> @Sendable (IPAddress?) -> Bool {
    if self[Keys.remoteHeaderRewriteDomain].isEmpty { return localHeaderClients(setup, ownAddresses: ownAddresses) }
    return { _ in true }
  }
}

extension ArrivalHeaders {
  init(_ listener: ListenerConfiguration) {
    self.init(
      hostname: listener[Keys.myhostname], product: listener[Keys.mailName], origin: listener[Keys.myorigin],
      zone: LocalZone.at(wallClock()).zone)
    remoteOrigin = listener[Keys.remoteHeaderRewriteDomain]
  }
}

extension LocalZone {
  var zone: Zone { Zone(offset: offset, name: name) }
}
