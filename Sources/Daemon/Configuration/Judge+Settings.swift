// SPDX-License-Identifier: Apache-2.0
import Restrictions
import SMTP
import Settings

/// From settings to what decides on restrictions.
extension Judge {
  convenience init(_ listener: ListenerConfiguration, _ setup: Setup, _ server: ServerConfiguration) {
    let keys: [RestrictionPoint: Key<RestrictionList>] = [
      .client: Keys.smtpdClientRestrictions, .helo: Keys.smtpdHeloRestrictions, .sender: Keys.smtpdSenderRestrictions,
      .relay: Keys.smtpdRelayRestrictions, .recipient: Keys.smtpdRecipientRestrictions, .data: Keys.smtpdDataRestrictions,
      .endOfData: Keys.smtpdEndOfDataRestrictions, .etrn: Keys.smtpdEtrnRestrictions,
    ]
    self.init(
      RestrictionSettings(listener, setup, server), lists: keys.mapValues { listener[$0] }, classes: listener.values.restrictionClasses)
  }

  /// Nil if the machine decides the same by itself: nothing but the question of relaying, as it is by default.
  static func needed(_ listener: ListenerConfiguration, _ setup: Setup, _ server: ServerConfiguration) -> Judge? {
    // RFC 2033: LMTP comes from a server of our own.
    if server.service == .lmtp { return nil }
    let judge = Judge(listener, setup, server)
    return judge.isDefault ? nil : judge
  }
}

extension RestrictionSettings {
  fileprivate init(_ listener: ListenerConfiguration, _ setup: Setup, _ server: ServerConfiguration) {
    self.init(myhostname: server.myhostname, relay: server.relay)
    takeCodes(listener)
    unknownAddressTempfailAction = TempfailAction(listener[Keys.unknownAddressTempfailAction])
    unknownHeloHostnameTempfailAction = TempfailAction(listener[Keys.unknownHeloHostnameTempfailAction])
    takeVerification(listener)
    delayReject = listener[Keys.smtpdDelayReject]
    checksRecipients = listener.checksRecipients
    rejectUnlistedSender = listener[Keys.smtpdRejectUnlistedSender]
    relayBeforeRecipient = listener[Keys.smtpdRelayBeforeRecipientRestrictions]
    softBounce = server.softBounce
    parentDomainMatchesSubdomains = listener[Keys.parentDomainMatchesSubdomains].contains("smtpd_access_maps")
    nullAccessLookupKey = listener[Keys.smtpdNullAccessLookupKey]
    recipientDelimiter = listener[Keys.recipientDelimiter]
    showUserUnknownTableName = server.showUserUnknownTableName
    defaultRBLReply = listener[Keys.defaultRblReply]
    expansionFilter = ExpansionFilter(listener[Keys.smtpdExpansionFilter])
    rblReplyMaps = setup.tables(listener[Keys.rblReplyMaps])
    relayClientcerts = setup.tables(listener[Keys.relayClientcerts])
    takePolicies(listener)
    let networks = listener[Keys.permitMxBackupNetworks]
    permitMXBackupNetworks = networks.isEmpty ? nil : setup.networks(networks)
  }

  private mutating func takeCodes(_ listener: ListenerConfiguration) {
    func code(_ key: Key<Int>) -> UInt16 { UInt16(clamping: listener[key]) }
    accessMapRejectCode = code(Keys.accessMapRejectCode)
    accessMapDeferCode = code(Keys.accessMapDeferCode)
    mapsRBLRejectCode = code(Keys.mapsRblRejectCode)
    unknownClientRejectCode = code(Keys.unknownClientRejectCode)
    unknownAddressRejectCode = code(Keys.unknownAddressRejectCode)
    unknownHostnameRejectCode = code(Keys.unknownHostnameRejectCode)
    invalidHostnameRejectCode = code(Keys.invalidHostnameRejectCode)
    nonFQDNRejectCode = code(Keys.nonFqdnRejectCode)
    rejectCode = code(Keys.rejectCode)
    deferCode = code(Keys.deferCode)
    relayDomainsRejectCode = code(Keys.relayDomainsRejectCode)
    plaintextRejectCode = code(Keys.plaintextRejectCode)
    multiRecipientBounceRejectCode = code(Keys.multiRecipientBounceRejectCode)
    unknownLocalRecipientRejectCode = code(Keys.unknownLocalRecipientRejectCode)
    unknownVirtualMailboxRejectCode = code(Keys.unknownVirtualMailboxRejectCode)
  }

  private mutating func takeVerification(_ listener: ListenerConfiguration) {
    unverifiedSender.rejectCode = UInt16(clamping: listener[Keys.unverifiedSenderRejectCode])
    unverifiedSender.deferCode = UInt16(clamping: listener[Keys.unverifiedSenderDeferCode])
    unverifiedSender.tempfailAction = TempfailAction(listener[Keys.unverifiedSenderTempfailAction])
    unverifiedSender.rejectReason = listener[Keys.unverifiedSenderRejectReason]
    unverifiedRecipient.rejectCode = UInt16(clamping: listener[Keys.unverifiedRecipientRejectCode])
    unverifiedRecipient.deferCode = UInt16(clamping: listener[Keys.unverifiedRecipientDeferCode])
    unverifiedRecipient.tempfailAction = TempfailAction(listener[Keys.unverifiedRecipientTempfailAction])
    unverifiedRecipient.rejectReason = listener[Keys.unverifiedRecipientRejectReason]
    let delay = listener[Keys.addressVerifyPollDelay].wholeSeconds
    verificationPatience = (listener[Keys.addressVerifyPollCount] - 1) * delay * 1000
  }

  private mutating func takePolicies(_ listener: ListenerConfiguration) {
    policyDefaultAction = listener[Keys.smtpdPolicyServiceDefaultAction]
    policyContext = listener[Keys.smtpdPolicyServicePolicyContext]
    stress = listener[Keys.stress]
    policyLimits.timeout = listener[Keys.smtpdPolicyServiceTimeout].wholeSeconds
    policyLimits.maxIdle = listener[Keys.smtpdPolicyServiceMaxIdle].wholeSeconds
    policyLimits.maxTTL = listener[Keys.smtpdPolicyServiceMaxTtl].wholeSeconds
    policyLimits.retryDelay = listener[Keys.smtpdPolicyServiceRetryDelay].wholeSeconds
    policyLimits.tryLimit = listener[Keys.smtpdPolicyServiceTryLimit]
    policyLimits.requestLimit = listener[Keys.smtpdPolicyServiceRequestLimit]
  }
}

extension RestrictionSettings.TempfailAction {
  fileprivate init(_ setting: Settings.TempfailAction) {
    switch setting {
    case .deferIfPermit: self = .deferIfPermit
    case .defer: self = .defer
    }
  }
}
