// SPDX-License-Identifier: Apache-2.0
import Message
import Runtime
import SMTP
import Server
import Settings

/// What the sessions stand on by which users of this machine hand in mail: no restriction of smtpd, but every stage that is not for certain listeners.
extension SessionGround {
  func pickupServices(limits: ClientLimits) -> @Sendable (EventLoop) -> Services {
    let listener = setup.configuration.pickup
    let chain = stages.chain(for: listener.name)
    var server = ServerConfiguration(listener, setup, ownAddresses: setup.ownAddresses())
    server.takePickup()
    server.judgedMoments = (chain?.moments ?? []).union(server.relay.judgedMoments)
    let context = ServerContext(server)
    let submitters = SubmitterLookup(allowed: setup.users(setup.configuration[Keys.authorizedSubmitUsers]), pool: pool)
    let habits = Habits(listener, setup, ownAddresses: [])
    let (expansion, canonical) = (arrivalExpansion, expander?.canonicalizes)
    return { [self] loop in
      let services = Services(
        context: context, log: log, store: store, users: AnyRecipient(), names: ClientLookup(names: nil), limits: limits, habits: habits,
        arrival: ArrivalHeaders(listener), zone: { LocalZone.at($0).zone })
      services.submitters = submitters
      services.expand = expansion
      services.canonical = canonical
      services.contentFilter = listener[Keys.contentFilter]
      services.stages = chain.map { StageServices(chain: $0, names: names, loop: loop, listener: listener.name, pool: pool) { _ in true } }
      return services
    }
  }
}

extension ServerConfiguration {
  /// Of smtpd's manners what concerns people on the network is left out.
  fileprivate mutating func takePickup() {
    service = .smtp
    smtpdTlsSecurityLevel = .none
    smtpdTlsReqCcert = false
    smtpdHeloRequired = false
    smtpdForbidBareNewline = .no
    smtpdRejectUnlistedRecipient = false
    smtpdErrorSleepTime = 0
    smtpdRecipientLimit = max(smtpdRecipientLimit, Self.pickupRecipientLimit)
    smtpdDiscardEhloKeywords = []
    takesProbes = true
    edge = EdgeConfiguration()
    edge.serviceName = "pickup"
  }

  /// Postfix's extract_recipient_limit.
  private static let pickupRecipientLimit = 10_240
}

extension ClientLimits.Limits {
  /// As many at a time as one client of the network; who is not there at once leaves the mail in the drop folder.
  static func pickup(_ setup: Setup) -> ClientLimits.Limits {
    var limits = ClientLimits.Limits()
    limits.connections = setup.configuration.pickup[Keys.smtpdClientConnectionCountLimit]
    return limits
  }
}

/// Whether a recipient exists is found out at delivery: who has handed in mail and gone is told by a report.
private struct AnyRecipient: RecipientDirectory {
  func verdict(on query: RecipientQuery) async -> RecipientVerdict { .accepted }
}

/// The names of this machine's users.
struct SubmitterLookup: SubmitterDirectory {
  let allowed: @Sendable (String) -> Bool
  let pool: BlockingPool

  func name(of uid: UInt32) async -> String {
    let found = await pool.run { (try? SystemUser.find(uid: uid))?.name }
    return (found ?? nil) ?? "\(uid)"
  }

  func mayHandIn(_ name: String) -> Bool { allowed(name) }
}

extension Setup {
  /// Whether a list of users has one; root is in all of them.
  func users(_ patterns: PatternList) -> @Sendable (String) -> Bool {
    let lists = patterns.tables.map { tables([$0]) }
    return { name in name == "root" || patterns.contains(name.lowercased()) { lists[$0].value(for: name) != nil } }
  }
}
