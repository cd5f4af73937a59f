// SPDX-License-Identifier: Apache-2.0

/// The settings of one SMTP or LMTP listener, under Postfix's names and with its defaults. Times are in seconds.
package struct ServerConfiguration: Sendable {
  package enum Service: Sendable { case smtp, lmtp }
  /// `smtpd_tls_security_level`.
  package enum TLSLevel: Sendable { case none, may, encrypt }
  /// `smtpd_forbid_bare_newline`; `yes` is `normalize`.
  package enum BareNewline: Sendable { case no, normalize, reject, note }

  package var service = Service.smtp
  package var myhostname: String
  package var smtpdBanner: String

  // Limits
  package var messageSizeLimit = 10_240_000
  package var lineLengthLimit = 2048
  package var hopcountLimit = 50
  package var smtpdRecipientLimit = 1000
  package var smtpdRecipientOvershootLimit = 1000
  package var smtpdSoftErrorLimit = 10
  package var smtpdHardErrorLimit = 20
  package var smtpdJunkCommandLimit = 100

  // Times
  package var smtpdTimeout = 300
  package var smtpdStarttlsTimeout = 300
  package var smtpdErrorSleepTime = 1
  package var smtpdPerRequestDeadline = false
  package var smtpdMinDataRate = 500

  // Strictness
  package var smtpdHeloRequired = false
  package var paths = PathRules()
  package var strictSmtputf8 = false
  package var disableVrfyCommand = false
  package var smtpdForbidUnauthPipelining = false
  package var smtpdForbidBareNewline = BareNewline.normalize
  package var smtpdForbidBareNewlineRejectCode: UInt16 = 550
  /// Clients to which `smtpdForbidBareNewline` does not apply; Postfix's default is `$mynetworks`.
  package var smtpdForbidBareNewlineExclusions: NetworkList
  package var cleanupReplaceStrayCrLf = true
  package var softBounce = false

  // Extensions
  /// In upper case; `silent-discard` has been taken out.
  package var smtpdDiscardEhloKeywords: Set<String> = []
  package var smtputf8Enable = true
  package var smtpdTlsSecurityLevel = TLSLevel.none
  /// `smtpd_tls_req_ccert` where TLS is required: a client must show a certificate that is trusted here.
  package var smtpdTlsReqCcert = false

  // Reject codes
  package var unknownLocalRecipientRejectCode: UInt16 = 550
  package var unknownVirtualMailboxRejectCode: UInt16 = 550
  package var unknownRelayRecipientRejectCode: UInt16 = 550
  package var smtpdRejectUnlistedRecipient = true
  package var showUserUnknownTableName = true
  /// Whether to ask if there is room in a mailbox.
  package var checksRoom = false

  package var edge = EdgeConfiguration()
  /// MAIL's parameter XPROBE, which is ours.
  package var takesProbes = false
  /// When restrictions are to be run; in place of `relay`'s own rule if `.recipient` is among them.
  package var judgedMoments: JudgementRequest.Moments = []

  package var relay: RelayPolicy

  package init(myhostname: String, mailName: String = "Weir", relay: RelayPolicy) {
    self.myhostname = myhostname
    smtpdBanner = "\(myhostname) ESMTP \(mailName)"
    smtpdForbidBareNewlineExclusions = relay.mynetworks
    self.relay = relay
  }
}
