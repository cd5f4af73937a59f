// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let lmtpSecurity = Area(
    "TLS and logins of LMTP", "The same settings for the LMTP client.",
    [
      Keys.lmtpTlsSecurityLevel, Keys.lmtpUseTls, Keys.lmtpEnforceTls, Keys.lmtpTlsEnforcePeername,
      Keys.lmtpTlsPolicyMaps, Keys.lmtpTlsWrappermode, Keys.lmtpTlsCAfile, Keys.lmtpTlsCApath,
      Keys.lmtpTlsScertVerifydepth, Keys.lmtpTlsTrustAnchorFile, Keys.lmtpTlsCertFile, Keys.lmtpTlsKeyFile,
      Keys.lmtpTlsChainFiles, Keys.lmtpTlsProtocols, Keys.lmtpTlsMandatoryProtocols, Keys.lmtpTlsCiphers,
      Keys.lmtpTlsMandatoryCiphers, Keys.lmtpTlsExcludeCiphers, Keys.lmtpTlsMandatoryExcludeCiphers, Keys.lmtpTlsFingerprintDigest,
      Keys.lmtpTlsFingerprintCertMatch, Keys.lmtpTlsVerifyCertMatch, Keys.lmtpTlsSecureCertMatch, Keys.lmtpTlsServername,
      Keys.lmtpTlsSessionCacheTimeout, Keys.lmtpTlsLoglevel, Keys.lmtpTlsNoteStarttlsOffer, Keys.lmtpTlsBlockEarlyMailReply,
      Keys.lmtpStarttlsTimeout, Keys.lmtpTlsForceInsecureHostTlsaLookup, Keys.lmtpTlsConnectionReuse, Keys.lmtpSaslAuthEnable,
      Keys.lmtpSaslPasswordMaps, Keys.lmtpSenderDependentAuthentication, Keys.lmtpSaslSecurityOptions, Keys.lmtpSaslTlsSecurityOptions,
      Keys.lmtpSaslTlsVerifiedSecurityOptions, Keys.lmtpSaslMechanismFilter, Keys.lmtpSaslAuthSoftBounce, Keys.lmtpSaslAuthCacheName,
      Keys.lmtpSaslAuthCacheTime, Keys.lmtpSendDummyMailAuth,
    ])
}

extension Keys {
  package static let lmtpTlsSecurityLevel = Key.choice(
    "lmtp_tls_security_level", TLSClientLevel.unset, example: "may",
    "As smtp_tls_security_level, for LMTP. Empty means `none`, as in Postfix.")

  package static let lmtpUseTls = Key.boolean(
    "lmtp_use_tls", false, .topLevel,
    "As smtp_use_tls, for LMTP.")

  package static let lmtpEnforceTls = Key.boolean(
    "lmtp_enforce_tls", false, .topLevel,
    "As smtp_enforce_tls, for LMTP.")

  package static let lmtpTlsEnforcePeername = Key.boolean(
    "lmtp_tls_enforce_peername", true, .topLevel,
    "As smtp_tls_enforce_peername, for LMTP.")

  package static let lmtpTlsPolicyMaps = Key.tables(
    "lmtp_tls_policy_maps", "", example: "hash:/etc/weir/tls_policy",
    "As smtp_tls_policy_maps, for LMTP.")

  package static let lmtpTlsWrappermode = Key.boolean(
    "lmtp_tls_wrappermode", false, .topLevel,
    "As smtp_tls_wrappermode, for LMTP.")

  package static let lmtpTlsCAfile = Key.path(
    "lmtp_tls_CAfile", "", example: "/etc/weir/authorities.pem",
    "As smtp_tls_CAfile, for LMTP.")

  package static let lmtpTlsCApath = Key.path(
    "lmtp_tls_CApath", "", example: "/etc/ssl/certs",
    "As smtp_tls_CApath, for LMTP.")

  package static let lmtpTlsScertVerifydepth = Key.integer(
    "lmtp_tls_scert_verifydepth", 9, in: 0...100, example: "3",
    "As smtp_tls_scert_verifydepth, for LMTP.")

  package static let lmtpTlsTrustAnchorFile = Key.words(
    "lmtp_tls_trust_anchor_file", "", example: "/etc/weir/partner-ca.pem",
    "As smtp_tls_trust_anchor_file, for LMTP.")

  package static let lmtpTlsCertFile = Key.path(
    "lmtp_tls_cert_file", "", example: "/etc/weir/client.pem",
    "As smtp_tls_cert_file, for LMTP.")

  package static let lmtpTlsKeyFile = Key.path(
    "lmtp_tls_key_file", "$lmtp_tls_cert_file", example: "/etc/weir/client.key",
    "As smtp_tls_key_file, for LMTP.")

  package static let lmtpTlsChainFiles = Key.words(
    "lmtp_tls_chain_files", "", example: "/etc/weir/client-chain.pem",
    "As smtp_tls_chain_files, for LMTP.")

  package static let lmtpTlsProtocols = Key.tlsProtocols(
    "lmtp_tls_protocols", ">=TLSv1", example: ">=TLSv1.2",
    "As smtp_tls_protocols, for LMTP.")

  package static let lmtpTlsMandatoryProtocols = Key.tlsProtocols(
    "lmtp_tls_mandatory_protocols", ">=TLSv1", example: ">=TLSv1.2",
    "As smtp_tls_mandatory_protocols, for LMTP.")

  package static let lmtpTlsCiphers = Key.choice(
    "lmtp_tls_ciphers", TLSCipherGrade.medium, example: "high",
    "As smtp_tls_ciphers, for LMTP.")

  package static let lmtpTlsMandatoryCiphers = Key.choice(
    "lmtp_tls_mandatory_ciphers", TLSCipherGrade.medium, example: "high",
    "As smtp_tls_mandatory_ciphers, for LMTP.")

  package static let lmtpTlsExcludeCiphers = Key.words(
    "lmtp_tls_exclude_ciphers", "", example: "MD5, kRSA",
    "As smtp_tls_exclude_ciphers, for LMTP.")

  package static let lmtpTlsMandatoryExcludeCiphers = Key.words(
    "lmtp_tls_mandatory_exclude_ciphers", "", example: "aNULL",
    "As smtp_tls_mandatory_exclude_ciphers, for LMTP.")

  package static let lmtpTlsFingerprintDigest = Key.text(
    "lmtp_tls_fingerprint_digest", "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", example: "sha256",
    "As smtp_tls_fingerprint_digest, for LMTP.")

  package static let lmtpTlsFingerprintCertMatch = Key.words(
    "lmtp_tls_fingerprint_cert_match", "", example: "51:e9:af:2e:1e:40:1f:de:64:0a:30:35:2d:09:16:31:5a:eb:82:76",
    "As smtp_tls_fingerprint_cert_match, for LMTP.")

  package static let lmtpTlsVerifyCertMatch = Key.words(
    "lmtp_tls_verify_cert_match", "hostname", example: "hostname, nexthop",
    "As smtp_tls_verify_cert_match, for LMTP.")

  package static let lmtpTlsSecureCertMatch = Key.words(
    "lmtp_tls_secure_cert_match", "nexthop", example: "nexthop, dot-nexthop",
    "As smtp_tls_secure_cert_match, for LMTP.")

  package static let lmtpTlsServername = Key.text(
    "lmtp_tls_servername", "", example: "mail.example.com",
    "As smtp_tls_servername, for LMTP.")

  package static let lmtpTlsSessionCacheTimeout = Key.duration(
    "lmtp_tls_session_cache_timeout", "3600s", seconds: 0...8_640_000, example: "2h",
    "As smtp_tls_session_cache_timeout, for LMTP.")

  package static let lmtpTlsLoglevel = Key.integer(
    "lmtp_tls_loglevel", 0, in: 0...4, example: "1",
    "As smtp_tls_loglevel, for LMTP.")

  package static let lmtpTlsNoteStarttlsOffer = Key.boolean(
    "lmtp_tls_note_starttls_offer", false, .topLevel,
    "As smtp_tls_note_starttls_offer, for LMTP.")

  package static let lmtpTlsBlockEarlyMailReply = Key.boolean(
    "lmtp_tls_block_early_mail_reply", false, .topLevel,
    "As smtp_tls_block_early_mail_reply, for LMTP.")

  package static let lmtpStarttlsTimeout = Key.duration(
    "lmtp_starttls_timeout", "300s", example: "60s",
    "As smtp_starttls_timeout, for LMTP.")

  package static let lmtpTlsForceInsecureHostTlsaLookup = Key.boolean(
    "lmtp_tls_force_insecure_host_tlsa_lookup", false, .topLevel,
    "As smtp_tls_force_insecure_host_tlsa_lookup, for LMTP.")

  package static let lmtpTlsConnectionReuse = Key.boolean(
    "lmtp_tls_connection_reuse", false, .topLevel,
    "As smtp_tls_connection_reuse, for LMTP.")

  package static let lmtpSaslAuthEnable = Key.boolean(
    "lmtp_sasl_auth_enable", false, .topLevel,
    "As smtp_sasl_auth_enable, for LMTP.")

  package static let lmtpSaslPasswordMaps = Key.tables(
    "lmtp_sasl_password_maps", "", example: "hash:/etc/weir/sasl_passwd",
    "As smtp_sasl_password_maps, for LMTP.")

  package static let lmtpSenderDependentAuthentication = Key.boolean(
    "lmtp_sender_dependent_authentication", false, .topLevel,
    "As smtp_sender_dependent_authentication, for LMTP.")

  package static let lmtpSaslSecurityOptions = Key.choices(
    "lmtp_sasl_security_options", "noplaintext, noanonymous", of: SASLSecurityOption.words, example: "noanonymous",
    "As smtp_sasl_security_options, for LMTP.")

  package static let lmtpSaslTlsSecurityOptions = Key.choices(
    "lmtp_sasl_tls_security_options", "$lmtp_sasl_security_options", of: SASLSecurityOption.words, example: "noanonymous",
    "As smtp_sasl_tls_security_options, for LMTP.")

  package static let lmtpSaslTlsVerifiedSecurityOptions = Key.choices(
    "lmtp_sasl_tls_verified_security_options", "$lmtp_sasl_tls_security_options", of: SASLSecurityOption.words, example: "noanonymous",
    "As smtp_sasl_tls_verified_security_options, for LMTP.")

  package static let lmtpSaslMechanismFilter = Key.commands(
    "lmtp_sasl_mechanism_filter", "", example: "scram-sha-256, plain, login",
    "As smtp_sasl_mechanism_filter, for LMTP.")

  package static let lmtpSaslAuthSoftBounce = Key.boolean(
    "lmtp_sasl_auth_soft_bounce", true, .topLevel,
    "As smtp_sasl_auth_soft_bounce, for LMTP.")

  package static let lmtpSaslAuthCacheName = Key.cacheMap(
    "lmtp_sasl_auth_cache_name", "", example: "proxy:btree:/var/lib/weir/sasl_auth_cache",
    "As smtp_sasl_auth_cache_name, for LMTP.")

  package static let lmtpSaslAuthCacheTime = Key.duration(
    "lmtp_sasl_auth_cache_time", "90d", unit: .days, example: "1d",
    "As smtp_sasl_auth_cache_time, for LMTP.")

  package static let lmtpSendDummyMailAuth = Key.boolean(
    "lmtp_send_dummy_mail_auth", false, .topLevel,
    "As smtp_send_dummy_mail_auth, for LMTP.")
}
