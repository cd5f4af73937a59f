// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let smtpClient = Area(
    "SMTP client",
    """
    How Weir hands mail to other servers: the transports `smtp` and `relay`. Those called lmtp_ are the same for the transport `lmtp`.
    """,
    [
      Keys.smtpHeloName, Keys.lmtpLhloName, Keys.smtpAlwaysSendEhlo, Keys.smtpNeverSendEhlo,
      Keys.disableMimeOutputConversion, Keys.ignoreMxLookupError, Keys.disableDnsLookups, Keys.fallbackRelay,
      Keys.smtpSkip5xxGreeting,
    ] + SMTPClientKeys.smtp.all + SMTPClientKeys.lmtp.all)
}

/// The settings that both clients have: `smtp_connect_timeout` and `lmtp_connect_timeout`.
package struct SMTPClientKeys: Sendable {
  package static let smtp = SMTPClientKeys("smtp")
  package static let lmtp = SMTPClientKeys("lmtp")

  package let hosts: SMTPHostKeys
  package let times: SMTPTimeKeys
  package let talk: SMTPTalkKeys
  package let cache: SMTPCacheKeys

  init(_ prefix: String) {
    hosts = SMTPHostKeys(prefix)
    times = SMTPTimeKeys(prefix)
    talk = SMTPTalkKeys(prefix)
    cache = SMTPCacheKeys(prefix)
  }

  var all: [any AnyKey] { hosts.all + times.all + talk.all + cache.all }
}

extension Keys {
  package static let smtpHeloName = Key.text(
    "smtp_helo_name", "$myhostname", .topLevel, example: "out.example.com", "The name that Weir gives itself in EHLO and HELO.")

  package static let lmtpLhloName = Key.text(
    "lmtp_lhlo_name", "$myhostname", .topLevel, example: "out.example.com", "The name that Weir gives itself in LHLO.")

  package static let smtpAlwaysSendEhlo = Key.boolean(
    "smtp_always_send_ehlo", true, .topLevel,
    "Whether EHLO is said to every server. With `no`, only where `ESMTP` stands in the greeting.")

  package static let smtpNeverSendEhlo = Key.boolean(
    "smtp_never_send_ehlo", false, .topLevel,
    "Whether HELO is said in place of EHLO, so that no extension is used.")

  package static let disableMimeOutputConversion = Key.boolean(
    "disable_mime_output_conversion", false, .topLevel,
    """
    Whether content beyond ASCII goes out as it is to a server without 8BITMIME. With `no` its parts are recoded to quoted-printable.
    """)

  package static let ignoreMxLookupError = Key.boolean(
    "ignore_mx_lookup_error", false, .topLevel,
    "Whether a domain whose MX records cannot be asked for at the moment is taken for one without, so that its address is used. Else the mail waits.")

  package static let disableDnsLookups = Key.boolean(
    "disable_dns_lookups", false, .topLevel,
    "Whether MX records are never asked for: the host itself gets the mail. smtp_dns_support_level is its newer form.")

  package static let fallbackRelay = Key.words(
    "fallback_relay", "", example: "[relay.example.com]", "The older name of smtp_fallback_relay.")

  package static let smtpSkip5xxGreeting = Key.boolean(
    "smtp_skip_5xx_greeting", true, .topLevel,
    "Whether a greeting with 5xx makes Weir go on to the domain's next server, and try again later. With `no` such mail is returned at once.")
}
