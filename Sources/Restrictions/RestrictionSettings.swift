// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Tables

/// The settings that restrictions depend on, under Postfix's names and with its defaults.
package struct RestrictionSettings: Sendable {
  /// `*_tempfail_action`: what becomes of a question that cannot be answered now.
  package enum TempfailAction: String, CaseIterable, Sendable {
    case deferIfPermit = "defer_if_permit"
    case `defer`
  }

  package var accessMapRejectCode: UInt16 = 554
  package var accessMapDeferCode: UInt16 = 450
  package var mapsRBLRejectCode: UInt16 = 554
  package var unknownClientRejectCode: UInt16 = 450
  package var unknownAddressRejectCode: UInt16 = 450
  package var unknownHostnameRejectCode: UInt16 = 450
  package var invalidHostnameRejectCode: UInt16 = 501
  package var nonFQDNRejectCode: UInt16 = 504
  package var rejectCode: UInt16 = 554
  package var deferCode: UInt16 = 450
  package var relayDomainsRejectCode: UInt16 = 554
  package var plaintextRejectCode: UInt16 = 450
  package var multiRecipientBounceRejectCode: UInt16 = 550
  package var unknownLocalRecipientRejectCode: UInt16 = 550
  package var unknownVirtualMailboxRejectCode: UInt16 = 550
  package var unknownRelayRecipientRejectCode: UInt16 = 550
  package var unknownAddressTempfailAction = TempfailAction.deferIfPermit
  package var unknownHeloHostnameTempfailAction = TempfailAction.deferIfPermit
  package var unverifiedSender = UnverifiedSettings()
  package var unverifiedRecipient = UnverifiedSettings()
  /// How many milliseconds a client waits until it is known whether an address is good.
  package var verificationPatience = 0

  package var delayReject = true
  package var rejectUnlistedSender = false
  /// Whether `reject_unlisted_recipient` refuses anybody: not without `no_unknown_recipient_checks`.
  package var checksRecipients = true
  package var relayBeforeRecipient = true
  package var softBounce = false
  /// `smtpd_access_maps` is one of `parent_domain_matches_subdomains`.
  package var parentDomainMatchesSubdomains = true
  package var nullAccessLookupKey = "<>"
  package var recipientDelimiter = ""
  package var showUserUnknownTableName = true
  package var defaultRBLReply = RestrictionSettings.defaultRBLReply
  package var expansionFilter = ExpansionFilter.standard
  package var rblReplyMaps = TableList([])
  package var relayClientcerts = TableList([])
  package var policyDefaultAction = "451 4.3.5 Server configuration problem"
  package var policyContext = ""
  /// What policy services are told of `$stress`.
  package var stress = ""
  package var policyLimits = PolicyLimits()
  /// Nil where it is empty.
  package var permitMXBackupNetworks: NetworkList?
  package var myhostname: String
  package var relay: RelayPolicy

  package static let defaultRBLReply =
    "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}"

  package init(myhostname: String, relay: RelayPolicy) {
    self.myhostname = myhostname
    self.relay = relay
  }
}

extension RestrictionSettings {
  /// The reply code for a recipient that is not in its table, and what that is called.
  func unknownRecipient(in destination: Destination) -> (code: UInt16, table: String) {
    switch destination {
    case .local: (unknownLocalRecipientRejectCode, "local recipient table")
    case .virtual: (unknownVirtualMailboxRejectCode, "virtual mailbox table")
    case .remote: (unknownRelayRecipientRejectCode, "relay recipient table")
    }
  }
}
