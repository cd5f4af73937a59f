// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import PluginHost
import Queue
import Runtime
import SMTP
import Server
import Settings
import Tables

/// Whether recipients exist. Virtual users are looked up in memory, system users on the pool, those that plugins know wherever they like.
struct RecipientLookup: RecipientDirectory {
  let users: UserDirectory
  /// `virtual_mailbox_maps`
  let virtualMailboxes: TableList
  /// Empty: every local recipient is taken for known.
  let localRecipients: TableList
  /// `relay_recipient_maps`; asked only if it is set, for domains of relay_domains.
  let relayRecipients: TableList
  /// `virtual_alias_maps`: who is there is known, in any domain.
  let virtualAliases: VirtualAliases?
  /// Nil where no address is rewritten.
  let canonical: CanonicalAddresses?
  /// Whose mail goes to `error:` is refused at once.
  let router: MailRouter?
  let delimiters: String
  /// `local_transport` is `error:`.
  let localRefusal: RecipientVerdict?
  /// `virtual_transport`, without its next hop.
  let transport: String
  /// Takes mail, too: others may want to verify it.
  let verifySender: VerifySender
  /// Nil where nothing is limited.
  let room: RoomLookup?
  /// Some tables take their time.
  let isPatient: Bool
  let pool: BlockingPool
  let log: Log
  let now: @Sendable () -> Int64

  func verdict(on query: RecipientQuery) async -> RecipientVerdict {
    let verdict = query.asksForUser ? await user(query) : .accepted
    guard verdict == .accepted, let room, let size = query.room, let route = query.destination.route else { return verdict }
    return await room.verdict(on: query.address.address, route, size: size, now: now())
  }

  private func user(_ query: RecipientQuery) async -> RecipientVerdict {
    let finding = await isPatient ? patiently { find(query) } : find(query)
    guard case .unlessUser(let verdict) = finding else { return finding.verdict }
    let address = query.address.address
    // Who is found nowhere else may still be a user of the system, if all others could tell.
    return await pool.run { lookUp(address) }.map { $0 == .unknownUser ? verdict : $0 } ?? .temporaryFailure
  }

  private enum Finding: Sendable {
    case told(RecipientVerdict)
    /// The system has not been asked.
    case unlessUser(RecipientVerdict)

    var verdict: RecipientVerdict {
      switch self {
      case .told(let verdict), .unlessUser(let verdict): verdict
      }
    }
  }

  private func patiently(_ body: () -> Finding) async -> Finding {
    let (finding, hasFailed) = await Lookups.resolve { body() }
    return hasFailed ? .told(.temporaryFailure) : finding
  }

  private func find(_ query: RecipientQuery) -> Finding {
    let address = query.address.address
    if let canonical, canonical.knows(recipient: address) { return .told(.accepted) }
    if let virtualAliases, !virtualAliases.isEmpty {
      if virtualAliases.has(address) { return .told(.accepted) }
      if virtualAliases.isFailing { return .told(.temporaryFailure) }
    }
    if verifySender.isOurs(address, now: now() / 1_000_000) { return .told(.accepted) }
    if let refusal = routeRefusal(query) { return .told(refusal) }
    switch query.destination {
    case .virtual where !hasOwnMailboxes && virtualMailboxes.isEmpty: return .told(.accepted)
    case .virtual: return .told(known(in: virtualMailboxes) { users.hasVirtual(address) })
    case .remote:
      guard !relayRecipients.isEmpty, router?.isRelayed(query.address.domain ?? "") == true else { return .told(.accepted) }
      let keys = AddressKey.virtualMailbox(local: query.address.localPart, domain: query.address.domain ?? "", delimiters: delimiters)
      return .told(known(in: relayRecipients) { relayRecipients.match(keys) != nil })
    case .local:
      if let localRefusal { return .told(localRefusal) }
      if localRecipients.isEmpty { return .told(.accepted) }
      let verdict = known(in: localRecipients) { isListed(query.address) }
      return verdict != .accepted && localRecipients.asksSystemUsers ? .unlessUser(verdict) : .told(verdict)
    }
  }

  private func known(in tables: TableList, _ isThere: () -> Bool) -> RecipientVerdict {
    isThere() ? .accepted : tables.isFailing ? .temporaryFailure : .unknownUser
  }

  /// `virtual_transport` hands mail to another program. As in Postfix, virtual_mailbox_maps then only says who there is, if it is set.
  private var hasOwnMailboxes: Bool { transport == "virtual" }

  private func routeRefusal(_ query: RecipientQuery) -> RecipientVerdict? {
    guard let router else { return nil }
    guard case .to(let hop) = router.hop(query.address.address, query.destination.route ?? .remote, sender: "") else { return nil }
    guard hop.transport == "error" || hop.transport == "retry" else { return nil }
    guard case .error(var status, let text)? = LocalTransport("error:\(hop.destination)") else { return nil }
    if hop.transport == "retry" { status = "4\(status.dropFirst())" }
    return .refused(status.hasPrefix("4") ? 450 : 550, EnhancedStatus(status), text)
  }

  private func isListed(_ address: SMTP.Mailbox) -> Bool {
    let keys = AddressKey.localRecipient(local: address.localPart, domain: address.domain ?? "", delimiters: delimiters)
    return localRecipients.match(keys) != nil
  }

  private func lookUp(_ address: String) -> RecipientVerdict {
    do {
      return try users.isUser(address, .local, now: now()) ? .accepted : .unknownUser
    } catch {
      log.warning("smtpd", "\(address): \(error.text)")
      return .temporaryFailure
    }
  }
}

/// Whether there is room for what recipients are to get: from memory, else on the pool.
struct RoomLookup {
  let check: RoomCheck
  let pool: BlockingPool
  let full: RecipientVerdict
  let tooLarge: RecipientVerdict

  /// Nil where nothing is limited.
  init?(_ setup: Setup, users: UserDirectory, pool: BlockingPool) {
    let configuration = setup.configuration
    guard (try? QuotaLimits.read(configuration.values)) ?? nil != nil else { return nil }
    check = RoomCheck(users: users, disk: LinuxDisk())
    self.pool = pool
    let isTemporary = configuration[Keys.quotaFullTempfail] && configuration.values.written(Keys.quotaStatusOverquota.name) == nil
    let full = isTemporary ? "452 4.2.2 Mailbox is full" : configuration[Keys.quotaStatusOverquota]
    self.full = RecipientVerdict(QuotaReply(full, status: "5.2.2"))
    tooLarge = RecipientVerdict(QuotaReply(configuration[Keys.quotaStatusToolarge], status: "5.2.3"))
  }

  func verdict(on address: String, _ route: Recipient.Route, size: Int64, now: Int64) async -> RecipientVerdict {
    if let known = check.recall(address, route, size: size, now: now) { return verdict(known) }
    // Where there is no time to look, the delivery will.
    return verdict(await pool.run { [check] in check.look(address, route, size: size, now: now) } ?? .room)
  }

  private func verdict(_ answer: RoomCheck.Answer) -> RecipientVerdict {
    switch answer {
    case .room: .accepted
    case .full: full
    case .tooLarge: tooLarge
    }
  }
}

extension RecipientVerdict {
  fileprivate init(_ reply: QuotaReply?) {
    self = reply.map { .refused($0.code, EnhancedStatus($0.status), $0.text) } ?? .accepted
  }

  /// Nil where there are local mailboxes.
  init?(_ transport: LocalTransport?) {
    guard case .error(let status, let text)? = transport else { return nil }
    self = .refused(status.hasPrefix("4") ? 450 : 550, EnhancedStatus(status), text)
  }
}

/// The names of clients, forward-confirmed.
struct ClientLookup: ClientNaming {
  let names: PeerNames?

  func name(of address: IPAddress) async -> PeerName {
    guard let names else { return .notLookedUp }
    return await names.lookUp(address)
  }
}
