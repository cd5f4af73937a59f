// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Settings

/// From settings to what the SMTP machine wants to know.
extension ServerConfiguration {
  init(_ listener: ListenerConfiguration, ownAddresses: Set<IPAddress>) {
    self.init(
      myhostname: listener[Keys.myhostname], mailName: listener[Keys.mailName], relay: RelayPolicy(listener, ownAddresses: ownAddresses))
    smtpdBanner = listener[Keys.smtpdBanner]
    takeLimits(listener)
    takeStrictness(listener)
    takeExtensions(listener)
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
    strictRfc821Envelopes = listener[Keys.strictRfc821Envelopes]
    strictSmtputf8 = listener[Keys.strictSmtputf8]
    disableVrfyCommand = listener[Keys.disableVrfyCommand]
    smtpdForbidUnauthPipelining = listener[Keys.smtpdForbidUnauthPipelining]
    smtpdForbidBareNewline = BareNewline(listener[Keys.smtpdForbidBareNewline])
    smtpdForbidBareNewlineRejectCode = UInt16(clamping: listener[Keys.smtpdForbidBareNewlineRejectCode])
    smtpdForbidBareNewlineExclusions = NetworkList(listener[Keys.smtpdForbidBareNewlineExclusions])
    cleanupReplaceStrayCrLf = listener[Keys.cleanupReplaceStrayCrLf]
    let forbidden = listener[Keys.smtpdForbiddenCommands]
    smtpdForbiddenCommands = forbidden.upperCased
    forbidsBogusCommands = forbidden.contains { $0.hasPrefix("regexp:") }
    smtpdNoopCommands = listener[Keys.smtpdNoopCommands].upperCased
    softBounce = listener[Keys.softBounce]
    unknownLocalRecipientRejectCode = UInt16(clamping: listener[Keys.unknownLocalRecipientRejectCode])
    unknownVirtualMailboxRejectCode = UInt16(clamping: listener[Keys.unknownVirtualMailboxRejectCode])
    smtpdRejectUnlistedRecipient = listener[Keys.smtpdRejectUnlistedRecipient]
  }

  private mutating func takeExtensions(_ listener: ListenerConfiguration) {
    smtpdDiscardEhloKeywords = listener[Keys.smtpdDiscardEhloKeywords].upperCased
    smtputf8Enable = listener[Keys.smtputf8Enable]
    // A session that begins in TLS has nothing left to start.
    smtpdTlsSecurityLevel = listener[Keys.smtpdTlsWrappermode] ? .none : TLSLevel(listener[Keys.smtpdTlsSecurityLevel])
  }
}

extension RelayPolicy {
  fileprivate init(_ listener: ListenerConfiguration, ownAddresses: Set<IPAddress>) {
    self.init(
      mynetworks: NetworkList(listener[Keys.mynetworks]), mydestination: listener[Keys.mydestination].names,
      virtualMailboxDomains: listener[Keys.virtualMailboxDomains].names, myorigin: listener[Keys.myorigin], mydomain: listener[Keys.mydomain])
    relayDomains = Set(listener[Keys.relayDomains].names.map(RelayPolicy.canonical))
    appendDotMydomain = listener[Keys.appendDotMydomain]
    allowPercentHack = listener[Keys.allowPercentHack]
    swapBangpath = listener[Keys.swapBangpath]
    self.ownAddresses = ownAddresses
  }
}

extension NetworkList {
  init(_ patterns: PatternList) {
    self.init(
      patterns.elements.compactMap { element in
        guard case .network(let network) = element.pattern else { return nil }
        return Element(network: network, isExcluded: element.isNegated)
      })
  }
}

extension PatternList {
  /// The plain names in the list.
  fileprivate var names: [String] {
    elements.compactMap { element in
      guard case .name(let name) = element.pattern, !element.isNegated else { return nil }
      return name
    }
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
  fileprivate init(_ setting: TLSSecurityLevel) {
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
