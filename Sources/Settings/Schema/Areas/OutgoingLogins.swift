// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let outgoingLogins = Area(
    "Logins at other servers", "User names and passwords for servers that take our mail, such as a provider's relay.",
    [
      Keys.smtpSaslAuthEnable, Keys.smtpSaslPasswordMaps, Keys.smtpSenderDependentAuthentication, Keys.smtpSaslSecurityOptions,
      Keys.smtpSaslTlsSecurityOptions, Keys.smtpSaslTlsVerifiedSecurityOptions, Keys.smtpSaslMechanismFilter, Keys.smtpSaslAuthSoftBounce,
      Keys.smtpSaslAuthCacheName, Keys.smtpSaslAuthCacheTime, Keys.smtpSendDummyMailAuth,
    ])
}

package enum SASLSecurityOption {
  static let words = ["noplaintext", "noactive", "nodictionary", "noanonymous", "forward_secrecy", "mutual_auth"]
}

extension Keys {
  package static let smtpSaslAuthEnable = Key.boolean(
    "smtp_sasl_auth_enable", false, .topLevel,
    "Whether to log in at servers that ask for it, with smtp_sasl_password_maps.")

  package static let smtpSaslPasswordMaps = Key.tables(
    "smtp_sasl_password_maps", "", example: "hash:/etc/weir/sasl_passwd",
    """
    The logins: a server's name or a next hop as it is written (`[smtp.example.com]:587`), and `user:password`. Keep the file from \
    other users.
    """)

  package static let smtpSenderDependentAuthentication = Key.boolean(
    "smtp_sender_dependent_authentication", false, .topLevel,
    """
    Whether smtp_sasl_password_maps is asked for the sender's address first. Connections are then not shared between senders.
    """)

  package static let smtpSaslSecurityOptions = Key.choices(
    "smtp_sasl_security_options", "noplaintext, noanonymous", of: SASLSecurityOption.words, example: "noanonymous",
    """
    Logins that are not used: `noplaintext` (PLAIN and LOGIN), `noanonymous`, `noactive`, `nodictionary`, `forward_secrecy`, \
    `mutual_auth`.
    """)

  package static let smtpSaslTlsSecurityOptions = Key.choices(
    "smtp_sasl_tls_security_options", "$smtp_sasl_security_options", of: SASLSecurityOption.words, example: "noanonymous",
    "The same over TLS.")

  package static let smtpSaslTlsVerifiedSecurityOptions = Key.choices(
    "smtp_sasl_tls_verified_security_options", "$smtp_sasl_tls_security_options", of: SASLSecurityOption.words, example: "noanonymous",
    "The same over TLS with a server that has proved its name.")

  package static let smtpSaslMechanismFilter = Key.commands(
    "smtp_sasl_mechanism_filter", "", example: "scram-sha-256, plain, login",
    """
    The only mechanisms that are used; `!name` excludes one. Empty allows all that Weir has: SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, \
    PLAIN, LOGIN.
    """)

  package static let smtpSaslAuthSoftBounce = Key.boolean(
    "smtp_sasl_auth_soft_bounce", true, .topLevel,
    "Whether mail is kept where the server refuses the login for good; else it is returned to its sender.")

  package static let smtpSaslAuthCacheName = Key.cacheMap(
    "smtp_sasl_auth_cache_name", "", example: "proxy:btree:/var/lib/weir/sasl_auth_cache",
    """
    Not empty: logins that the server has refused are not tried again with the same password for smtp_sasl_auth_cache_time. They are \
    kept in memory; the file is not made.
    """)

  package static let smtpSaslAuthCacheTime = Key.duration(
    "smtp_sasl_auth_cache_time", "90d", unit: .days, example: "1d",
    "How long such a refusal is remembered.")

  package static let smtpSendDummyMailAuth = Key.boolean(
    "smtp_send_dummy_mail_auth", false, .topLevel,
    "Whether MAIL says AUTH=<> after a login.")
}
