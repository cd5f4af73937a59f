// SPDX-License-Identifier: Apache-2.0
import Bytes
import IDNA
import SMTP
import Settings
import Tables

/// From settings to what the SMTP machine wants to know.
extension ServerConfiguration {
  init(_ listener: ListenerConfiguration, _ setup: Setup, ownAddresses: Set<IPAddress>) {
    self.init(
      myhostname: listener[Keys.myhostname], mailName: listener[Keys.mailName], relay: RelayPolicy(listener, setup, ownAddresses: ownAddresses))
    service = listener[Keys.listenerProtocol] == .lmtp ? .lmtp : .smtp
    smtpdBanner = listener[Keys.smtpdBanner]
    takeLimits(listener)
    takeStrictness(listener)
    smtpdForbidBareNewlineExclusions = setup.networks(listener[Keys.smtpdForbidBareNewlineExclusions])
    takeExtensions(listener)
    edge = EdgeConfiguration(listener, setup)
  }

  private mutating func takeLimits(_ listener: ListenerConfiguration) {
    messageSizeLimit = listener[Keys.messageSizeLimit].bytes
    lineLengthLimit = listener[Keys.lineLengthLimit].bytes
    hopcountLimit = listener[Keys.hopcountLimit]
    smtpdRecipientLimit = listener[Keys.smtpdRecipientLimit]
    smtpdRecipientOvershootLimit = listener[Keys.smtpdRecipientOvershootLimit]
    smtpdSoftErrorLimit = listener[Keys.smtpdSoftErrorLimit]
    smtpdHardErrorLimit = listener[Keys.smtpdHardErrorLimit]
    smtpdJunkCommandLimit = listener[Keys.smtpdJunkCommandLimit]
    smtpdTimeout = listener[Keys.smtpdTimeout].wholeSeconds
    smtpdStarttlsTimeout = listener[Keys.smtpdStarttlsTimeout].wholeSeconds
    smtpdErrorSleepTime = listener[Keys.smtpdErrorSleepTime].wholeSeconds
    smtpdPerRequestDeadline = listener[Keys.smtpdPerRequestDeadline]
    smtpdMinDataRate = listener[Keys.smtpdMinDataRate]
  }

  private mutating func takeStrictness(_ listener: ListenerConfiguration) {
    smtpdHeloRequired = listener[Keys.smtpdHeloRequired]
    paths = PathRules(
      isStrict: listener[Keys.strictRfc821Envelopes], takesHyphen: listener[Keys.allowMinUser],
      takesNumericDomain: listener[Keys.resolveNumericDomain], takesNullDomain: listener[Keys.resolveNullDomain])
    strictSmtputf8 = listener[Keys.strictSmtputf8]
    disableVrfyCommand = listener[Keys.disableVrfyCommand]
    smtpdForbidUnauthPipelining = listener[Keys.smtpdForbidUnauthPipelining]
    smtpdForbidBareNewline = BareNewline(listener[Keys.smtpdForbidBareNewline])
    smtpdForbidBareNewlineRejectCode = UInt16(clamping: listener[Keys.smtpdForbidBareNewlineRejectCode])
    cleanupReplaceStrayCrLf = listener[Keys.cleanupReplaceStrayCrLf]
    softBounce = listener[Keys.softBounce]
    unknownLocalRecipientRejectCode = UInt16(clamping: listener[Keys.unknownLocalRecipientRejectCode])
    unknownVirtualMailboxRejectCode = UInt16(clamping: listener[Keys.unknownVirtualMailboxRejectCode])
    showUserUnknownTableName = listener[Keys.showUserUnknownTableName]
    unknownRelayRecipientRejectCode = UInt16(clamping: listener[Keys.unknownRelayRecipientRejectCode])
    smtpdRejectUnlistedRecipient = listener[Keys.smtpdRejectUnlistedRecipient] && listener.checksRecipients
  }

  private mutating func takeExtensions(_ listener: ListenerConfiguration) {
    smtpdDiscardEhloKeywords = listener[Keys.smtpdDiscardEhloKeywords].upperCased
    smtputf8Enable = listener[Keys.smtputf8Enable]
    // A session that begins in TLS has nothing left to start.
    smtpdTlsReqCcert = listener.requiresTLS && listener[Keys.smtpdTlsReqCcert]
    smtpdTlsSecurityLevel = listener[Keys.smtpdTlsWrappermode] ? .none : TLSLevel(listener[Keys.smtpdTlsSecurityLevel])
  }
}

extension RelayPolicy {
  fileprivate init(_ listener: ListenerConfiguration, _ setup: Setup, ownAddresses: Set<IPAddress>) {
    self.init(
      mynetworks: setup.networks(listener[Keys.mynetworks]), mydestination: [], virtualMailboxDomains: [], myorigin: listener[Keys.myorigin],
      mydomain: listener[Keys.mydomain])
    mydestination = setup.domains(listener[Keys.mydestination])
    virtualMailboxDomains = setup.domains(listener[Keys.virtualMailboxDomains])
    relayDomains = setup.domains(listener[Keys.relayDomains], listener.below(Keys.relayDomains))
    asksAboutAll = !setup.configuration[Keys.transportMaps].isEmpty || !setup.configuration[Keys.relocatedMaps].isEmpty
    virtualAliasDomains = setup.domains(listener[Keys.virtualAliasDomains])
    hasRelayRecipients = !listener[Keys.relayRecipientMaps].isEmpty
    appendDotMydomain = listener[Keys.appendDotMydomain]
    allowPercentHack = listener[Keys.allowPercentHack]
    swapBangpath = listener[Keys.swapBangpath]
    resolveDequotedAddress = listener[Keys.resolveDequotedAddress]
    self.ownAddresses = ownAddresses
    let lists = [Keys.mydestination, Keys.virtualMailboxDomains, Keys.relayDomains, Keys.virtualAliasDomains]
    let slow = setup.tables(lists.flatMap { listener[$0].tables }).externals
    if !slow.isEmpty { isFailing = { slow.contains(where: \.hasFailed) } }
  }
}

extension ListenerConfiguration {
  /// As parent_domain_matches_subdomains says of a list.
  func below(_ list: Key<PatternList>) -> PatternList.Below { self[Keys.parentDomainMatchesSubdomains].contains(list.name) ? .parent : .dotted }

  var checksRecipients: Bool { !self[Keys.receiveOverrideOptions].contains("no_unknown_recipient_checks") }
}

/// Lists with their tables read.
extension Setup {
  func networks(_ patterns: PatternList) -> NetworkList {
    if patterns.isEmpty { return NetworkList() }
    let tables = tables(patterns)
    return NetworkList(matching: { address in
      patterns.contains(address) { tables[$0].value(for: address.description) != nil }
    })
  }

  func clients(_ patterns: PatternList, _ below: PatternList.Below) -> ClientList {
    if patterns.isEmpty { return ClientList() }
    let tables = tables(patterns)
    return ClientList(matching: { name, address in
      patterns.contains(name: name, address, below) { index in
        tables[index].value(forDomain: name, below) != nil || address.map { tables[index].value(for: $0.description) != nil } ?? false
      }
    })
  }

  /// `below`: nothing, but in lists that parent_domain_matches_subdomains speaks of.
  func domains(_ patterns: PatternList, _ below: PatternList.Below = .nothing) -> DomainList {
    if patterns.isEmpty { return DomainList() }
    let tables = tables(patterns)
    return DomainList(matching: { domain in
      patterns.contains(domain, below) { list in DomainForm.keys(domain).contains { tables[list].value(forDomain: $0, below) != nil } }
    })
  }

  /// One list for each table that the pattern list names, in its order.
  private func tables(_ patterns: PatternList) -> [TableList] {
    patterns.tables.map { tables([$0]) }
  }
}

extension TableList {
  /// What stands for a domain, or for one above it: those are never looked for among patterns.
  fileprivate func value(forDomain name: String, _ below: PatternList.Below) -> String? {
    if let value = value(for: name) { return value }
    guard below != .nothing else { return nil }
    var rest = Substring(name)
    while let dot = rest.dropFirst().firstIndex(of: ".") {
      rest = below == .parent ? rest[rest.index(after: dot)...] : rest[dot...]
      if let value = value(forPart: String(rest)) { return value }
    }
    return nil
  }
}

extension Duration {
  /// Seconds, rounded up: a time limit of half a second is no limit of zero.
  var wholeSeconds: Int {
    let (seconds, rest) = components
    return Int(clamping: rest > 0 ? seconds + 1 : seconds)
  }
}

extension ServerConfiguration.BareNewline {
  fileprivate init(_ setting: ForbidBareNewline) {
    switch setting {
    case .no: self = .no
    case .yes, .normalize: self = .normalize
    case .reject: self = .reject
    case .note: self = .note
    }
  }
}

extension ServerConfiguration.TLSLevel {
  init(_ setting: TLSSecurityLevel) {
    switch setting {
    case .unset, .none: self = .none
    case .may: self = .may
    case .encrypt: self = .encrypt
    }
  }
}

extension [String] {
  fileprivate var upperCased: Set<String> { Set(map { $0.uppercased() }) }
}
