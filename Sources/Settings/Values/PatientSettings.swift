// SPDX-License-Identifier: Apache-2.0

/// Settings whose tables may take their time to answer: whoever asks them waits without holding up others. Elsewhere such a table is an error.
enum PatientSettings {
  static let names = Set(recipients + routing + domains + outgoing)

  /// Who is there, and who gets the mail.
  private static let recipients = [
    Keys.virtualMailboxMaps.name, Keys.localRecipientMaps.name, Keys.relayRecipientMaps.name, Keys.virtualUidMaps.name, Keys.virtualGidMaps.name,
    Keys.aliasMaps.name, Keys.virtualAliasMaps.name, Keys.senderBccMaps.name, Keys.recipientBccMaps.name, Keys.mailboxCommandMaps.name,
    Keys.canonicalMaps.name, Keys.senderCanonicalMaps.name, Keys.recipientCanonicalMaps.name,
    Keys.rblReplyMaps.name, Keys.relayClientcerts.name,
  ]

  private static let routing = [
    Keys.transportMaps.name, Keys.relocatedMaps.name, Keys.senderDependentRelayhostMaps.name, Keys.senderDependentDefaultTransportMaps.name,
    Keys.mailboxTransportMaps.name, Keys.fallbackTransportMaps.name, Keys.addressVerifyTransportMaps.name,
    Keys.addressVerifySenderDependentRelayhostMaps.name, Keys.addressVerifySenderDependentDefaultTransportMaps.name,
  ]

  private static let domains = [
    Keys.mydestination.name, Keys.virtualMailboxDomains.name, Keys.relayDomains.name, Keys.virtualAliasDomains.name,
  ]

  private static let outgoing = [
    SMTPClientKeys.smtp.talk.genericMaps.name, SMTPClientKeys.lmtp.talk.genericMaps.name, Keys.smtpTlsPolicyMaps.name, Keys.lmtpTlsPolicyMaps.name,
    Keys.smtpSaslPasswordMaps.name, Keys.lmtpSaslPasswordMaps.name,
  ]
}
