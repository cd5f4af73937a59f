// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import SMTP

/// Restrictions on the envelope's addresses.
extension Evaluation {
  /// The address as the client gave it; nil for none and for the null address.
  func mailbox(_ party: Party) -> Mailbox? {
    switch party {
    case .recipient: return facts.recipient
    case .sender:
      guard case .mailbox(let mailbox)? = facts.sender else { return nil }
      return mailbox
    }
  }

  mutating func rejectNonFQDN(_ party: Party) -> Outcome {
    guard let mailbox = mailbox(party) else { return .dunno }
    let domain = mailbox.domain ?? ""
    if domain.utf8.first == UInt8(ascii: "[") || isValidHostName(domain) && domain.utf8.contains(UInt8(ascii: ".")) { return .dunno }
    let context = Context(mailbox, replyClass: party.replyClass)
    return reject(settings.nonFQDNRejectCode, EnhancedStatus(5, 5, 2), context, "need fully-qualified address")
  }

  /// For domains that mail would leave for: whether they can take mail at all.
  mutating func rejectUnknownDomain(_ party: Party) throws(Interruption) -> Outcome {
    guard let mailbox = mailbox(party), let resolved = resolve(party) else { return .dunno }
    guard resolved.destination == .remote, let domain = resolved.address.domain, !domain.hasPrefix("[") else { return .dunno }
    let context = Context(mailbox, replyClass: party.replyClass)
    let status = EnhancedStatus(4, 1, party == .sender ? 8 : 2)
    switch try existence(of: domain) {
    case .exists: return .dunno
    case .acceptsNoMail: return rejectNullMX(party, domain, context)
    case .missing: return reject(settings.unknownAddressRejectCode, status, context, "Domain not found")
    case .unknown:
      let text = "<\(context.name)>: \(context.replyClass) rejected: Domain not found"
      return tempfail(settings.unknownAddressTempfailAction, Refusal(code: 450, status: status, text: text))
    }
  }

  /// RFC 7505 §4.1 and §4.2: 556 5.1.10 for a recipient, 550 5.7.27 for a sender.
  private mutating func rejectNullMX(_ party: Party, _ domain: String, _ context: Context) -> Outcome {
    let why = "Domain \(domain) does not accept mail (nullMX)"
    return party == .sender
      ? reject(550, EnhancedStatus(5, 7, 27), context, why) : reject(556, EnhancedStatus(5, 1, 10), context, why)
  }

  mutating func rejectUnlisted(_ party: Party) throws(Interruption) -> Outcome {
    guard let mailbox = mailbox(party), let resolved = resolve(party) else { return .dunno }
    if party == .sender { hasCheckedSender = true } else { judgement.verdict.hasCheckedRecipient = true }
    if party == .recipient, !settings.checksRecipients { return .dunno }
    guard settings.relay.isListed(resolved) else { return .dunno }
    let question = Question.listing(resolved.address, resolved.destination)
    guard let answer = answers[question] else { throw .needs(question) }
    guard case .listing(let listing) = answer else { return .dunno }
    let context = Context(mailbox, replyClass: party.replyClass)
    switch listing {
    case .listed: return .dunno
    case .refused(let code, let status, let why): return reject(code, status, context, why)
    case .temporaryFailure: throw lookupFailed(mailbox.address)
    case .unlisted:
      let (code, table) = settings.unknownRecipient(in: resolved.destination)
      let why = "User unknown\(settings.showUserUnknownTableName ? " in \(table)" : "")"
      return reject(code, EnhancedStatus(5, 1, party == .sender ? 0 : 1), context, why)
    }
  }

  // MARK: Relaying

  /// Whether mail for the recipient is ours to take from anybody; nil without a recipient.
  mutating func isAuthDestination() -> Bool? {
    guard let recipient = facts.recipient, let resolved = resolve(.recipient) else { return nil }
    return settings.relay.isForAnybody(recipient, resolved)
  }

  mutating func rejectRelay(_ code: UInt16, _ status: EnhancedStatus) -> Outcome {
    guard let recipient = facts.recipient, isAuthDestination() == false else { return .dunno }
    return reject(code, status, "<\(recipient.address)>: Relay access denied")
  }

  /// Whether we are an MX host of the recipient's domain, though not its best one.
  mutating func permitMXBackup() throws(Interruption) -> Outcome {
    guard let recipient = facts.recipient else { return .dunno }
    if isAuthDestination() == true { return .permit }
    guard let resolved = resolve(.recipient), let domain = resolved.address.domain, !domain.hasPrefix("["), !settings.relay.hasRoute(resolved.address)
    else { return .dunno }
    switch try ask(.mx(domain)) {
    case .success(let records):
      if records.isNullMX { return .dunno }
      let hosts = records.exchangers
      guard try hasUs(hosts, recipient) else { return .dunno }
      guard let networks = settings.permitMXBackupNetworks else { return .permit }
      return permitIf(try hasPrimary(in: networks, hosts, recipient))
    case .failure(.notFound): return permitIf(try isOurs(domain, recipient))
    case .failure:
      doubtReject(unverifiable(recipient, "Unable to look up mail exchanger information: Host not found, try again"))
      return .dunno
    }
  }

  private func unverifiable(_ recipient: Mailbox, _ why: String) -> Refusal {
    Refusal(code: 450, status: EnhancedStatus(4, 4, 4), text: "<\(recipient.address)>: Recipient address rejected: \(why)")
  }

  private mutating func hasUs(_ hosts: [(preference: UInt16, host: String)], _ recipient: Mailbox) throws(Interruption) -> Bool {
    for host in hosts {
      if try isOurs(host.host, recipient) { return true }
    }
    return false
  }

  private mutating func isOurs(_ host: String, _ recipient: Mailbox) throws(Interruption) -> Bool {
    if settings.relay.mydestination.contains(host) { return true }
    return try hasAddress(of: host, recipient) { [own = settings.relay.ownAddresses] in own.contains($0) }
  }

  /// `permit_mx_backup_networks`: all hosts of the best preference must be in there.
  private mutating func hasPrimary(in networks: NetworkList, _ hosts: [(preference: UInt16, host: String)], _ recipient: Mailbox)
    throws(Interruption) -> Bool
  {
    guard let best = hosts.map(\.preference).min() else { return false }
    for host in hosts where host.preference == best {
      guard try hasAddress(of: host.host, recipient, { networks.contains($0) }) else { return false }
    }
    return true
  }

  private mutating func hasAddress(of host: String, _ recipient: Mailbox, _ matches: (IPAddress) -> Bool) throws(Interruption) -> Bool {
    var hasFailed = false
    for query in [NameQuery.a(host), .aaaa(host)] {
      switch try ask(query) {
      case .success(let records): if records.addresses.contains(where: matches) { return true }
      case .failure(.notFound): continue
      case .failure: hasFailed = true
      }
    }
    if hasFailed { doubtReject(unverifiable(recipient, "Unable to look up host \(host) as mail exchanger: Host not found, try again")) }
    return false
  }
}

extension [NameRecord] {
  var exchangers: [(preference: UInt16, host: String)] {
    compactMap { if case .exchanger(let preference, let host) = $0 { (preference, host) } else { nil } }
  }
}
