// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let outgoingTLS = Area(
    "Outgoing TLS", "Encryption of mail that leaves for other servers; docs/tls-out.md has the whole of it.",
    [
      Keys.smtpTlsSecurityLevel, Keys.smtpUseTls, Keys.smtpEnforceTls, Keys.smtpTlsEnforcePeername,
      Keys.smtpTlsPolicyMaps, Keys.smtpTlsWrappermode, Keys.smtpTlsCAfile, Keys.smtpTlsCApath,
      Keys.smtpTlsScertVerifydepth, Keys.smtpTlsTrustAnchorFile, Keys.smtpTlsCertFile, Keys.smtpTlsKeyFile,
      Keys.smtpTlsChainFiles, Keys.smtpTlsProtocols, Keys.smtpTlsMandatoryProtocols, Keys.smtpTlsCiphers,
      Keys.smtpTlsMandatoryCiphers, Keys.smtpTlsExcludeCiphers, Keys.smtpTlsMandatoryExcludeCiphers, Keys.smtpTlsFingerprintDigest,
      Keys.smtpTlsFingerprintCertMatch, Keys.smtpTlsVerifyCertMatch, Keys.smtpTlsSecureCertMatch, Keys.smtpTlsServername,
      Keys.smtpTlsSessionCacheTimeout, Keys.smtpTlsLoglevel, Keys.smtpTlsNoteStarttlsOffer, Keys.smtpTlsBlockEarlyMailReply,
      Keys.smtpStarttlsTimeout, Keys.smtpTlsForceInsecureHostTlsaLookup, Keys.smtpTlsConnectionReuse, Keys.smtpTlsDaneInsecureMxPolicy,
      Keys.smtpTlsMtaSts, Keys.smtpTlsMtaStsTimeout, Keys.smtpTlsMtaStsCacheLimit, Keys.tlsAppendDefaultCA,
      Keys.tlsOutcomesKeep,
    ])
}

/// In the order of Postfix, the weakest first.
package enum TLSClientLevel: String, CaseIterable, Sendable {
  case unset = ""
  case none, may, encrypt, fingerprint
  case dane
  case daneOnly = "dane-only"
  case verify, secure
}

package enum TLSInsecureMXPolicy: String, CaseIterable, Sendable { case may, encrypt, dane }

extension Keys {
  package static let smtpTlsSecurityLevel = Key.choice(
    "smtp_tls_security_level", TLSClientLevel.may, example: "dane",
    """
    Whether mail leaves encrypted. `none`: never. `may`: where the server offers it, whoever it is. `encrypt`: always, whoever the \
    server is. `verify`, `secure`: always, and the server must prove the name of its MX host or of the domain. `fingerprint`: its \
    certificate must be one of those listed. `dane`: it must be as the domain's TLSA records say, `may` where there are none; \
    `dane-only`: no mail without such records. Empty means the default. Postfix's own default is empty, which is `none`.
    """)

  package static let smtpUseTls = Key.boolean(
    "smtp_use_tls", false, .topLevel,
    "The old form of smtp_tls_security_level: `yes` is `may`, `no` is `none`. It counts where that is not set.")

  package static let smtpEnforceTls = Key.boolean(
    "smtp_enforce_tls", false, .topLevel,
    """
    The old form of smtp_tls_security_level: `yes` is `verify`, or `encrypt` with smtp_tls_enforce_peername = no. It counts where \
    that is not set.
    """)

  package static let smtpTlsEnforcePeername = Key.boolean(
    "smtp_tls_enforce_peername", true, .topLevel,
    "Whether the name in the certificate counts with smtp_enforce_tls.")

  package static let smtpTlsPolicyMaps = Key.tables(
    "smtp_tls_policy_maps", "", example: "hash:/etc/weir/tls_policy",
    """
    Levels for single destinations: a next hop as it is written (`example.com`, `[mail.example.com]:587`), or `.example.com` for all \
    domains below, and the level, perhaps with `match=`, `protocols=`, `ciphers=`, `exclude=`, `servername=`, `tafile=` or \
    `connection_reuse=`.
    """)

  package static let smtpTlsWrappermode = Key.boolean(
    "smtp_tls_wrappermode", false, .topLevel,
    """
    Whether TLS begins with the connection, without STARTTLS, as on port 465. The level must be `encrypt` or stronger.
    """)

  package static let smtpTlsCAfile = Key.path(
    "smtp_tls_CAfile", "", example: "/etc/weir/authorities.pem",
    """
    Authorities whose certificates servers may show, in PEM form. Without this and smtp_tls_CApath the system's authorities count; \
    Postfix then trusts nobody.
    """)

  package static let smtpTlsCApath = Key.path(
    "smtp_tls_CApath", "", example: "/etc/ssl/certs",
    "A folder of trusted authorities, as `openssl rehash` makes it.")

  package static let smtpTlsScertVerifydepth = Key.integer(
    "smtp_tls_scert_verifydepth", 9, in: 0...100, example: "3",
    "How long the chain of a server's certificate may be.")

  package static let smtpTlsTrustAnchorFile = Key.words(
    "smtp_tls_trust_anchor_file", "", example: "/etc/weir/partner-ca.pem",
    """
    Certificates, in PEM form, that are trusted instead of all authorities at `verify` and `secure`. `tafile=` in \
    smtp_tls_policy_maps replaces them.
    """)

  package static let smtpTlsCertFile = Key.path(
    "smtp_tls_cert_file", "", example: "/etc/weir/client.pem",
    """
    The certificate that is shown to servers that ask for one, and those between it and its root, in PEM form. Few need one.
    """)

  package static let smtpTlsKeyFile = Key.path(
    "smtp_tls_key_file", "$smtp_tls_cert_file", example: "/etc/weir/client.key",
    "Its private key, in PEM form, without a password.")

  package static let smtpTlsChainFiles = Key.words(
    "smtp_tls_chain_files", "", example: "/etc/weir/client-chain.pem",
    """
    Files that each hold a key and the certificates that belong to it, in this order. They replace smtp_tls_cert_file and \
    smtp_tls_key_file.
    """)

  package static let smtpTlsProtocols = Key.tlsProtocols(
    "smtp_tls_protocols", ">=TLSv1", example: ">=TLSv1.2",
    "The protocols that may be used at level `may`: `>=TLSv1.2`, `!TLSv1`, or names.")

  package static let smtpTlsMandatoryProtocols = Key.tlsProtocols(
    "smtp_tls_mandatory_protocols", ">=TLSv1", example: ">=TLSv1.2",
    "The same at all levels above `may`.")

  package static let smtpTlsCiphers = Key.choice(
    "smtp_tls_ciphers", TLSCipherGrade.medium, example: "high",
    "The weakest ciphers that may be used at level `may`.")

  package static let smtpTlsMandatoryCiphers = Key.choice(
    "smtp_tls_mandatory_ciphers", TLSCipherGrade.medium, example: "high",
    "The same at all levels above `may`.")

  package static let smtpTlsExcludeCiphers = Key.words(
    "smtp_tls_exclude_ciphers", "", example: "MD5, kRSA",
    "Ciphers, by OpenSSL's names, that are never used.")

  package static let smtpTlsMandatoryExcludeCiphers = Key.words(
    "smtp_tls_mandatory_exclude_ciphers", "", example: "aNULL",
    "Further ones at all levels above `may`.")

  package static let smtpTlsFingerprintDigest = Key.text(
    "smtp_tls_fingerprint_digest", "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", example: "sha256",
    "The digest of the fingerprints of level `fingerprint`, by OpenSSL's name.")

  package static let smtpTlsFingerprintCertMatch = Key.words(
    "smtp_tls_fingerprint_cert_match", "", example: "51:e9:af:2e:1e:40:1f:de:64:0a:30:35:2d:09:16:31:5a:eb:82:76",
    """
    Fingerprints, of certificates or of their keys, that are accepted at level `fingerprint`. `match=` in smtp_tls_policy_maps \
    replaces them.
    """)

  package static let smtpTlsVerifyCertMatch = Key.words(
    "smtp_tls_verify_cert_match", "hostname", example: "hostname, nexthop",
    """
    Which name the certificate must hold at level `verify`: `hostname` (of the MX host), `nexthop` (the destination), `dot-nexthop` \
    (any below it), or names; `.example.com` is any below it.
    """)

  package static let smtpTlsSecureCertMatch = Key.words(
    "smtp_tls_secure_cert_match", "nexthop, dot-nexthop", example: "nexthop",
    "The same at level `secure`.")

  package static let smtpTlsServername = Key.text(
    "smtp_tls_servername", "", example: "mail.example.com",
    """
    The name that the server is asked for (SNI): a name, `hostname` or `nexthop`. DANE and MTA-STS always ask for the host. Empty \
    asks for none.
    """)

  package static let smtpTlsSessionCacheTimeout = Key.duration(
    "smtp_tls_session_cache_timeout", "3600s", seconds: 0...8_640_000, example: "2h",
    "How long sessions are resumed. They are kept in memory; 0 keeps none.")

  package static let smtpTlsLoglevel = Key.integer(
    "smtp_tls_loglevel", 0, in: 0...4, example: "1",
    "1 logs one line for each TLS session, and why a certificate is not trusted; more than 1 means the same.")

  package static let smtpTlsNoteStarttlsOffer = Key.boolean(
    "smtp_tls_note_starttls_offer", false, .topLevel,
    "Whether to log each server that offers STARTTLS and is not asked for it.")

  package static let smtpTlsBlockEarlyMailReply = Key.boolean(
    "smtp_tls_block_early_mail_reply", false, .topLevel,
    """
    Whether to break off where a server answers before it is asked, as one does into whose connection commands were put before TLS.
    """)

  package static let smtpStarttlsTimeout = Key.duration(
    "smtp_starttls_timeout", "300s", example: "60s",
    "How long a TLS handshake may take, and the answer to STARTTLS.")

  package static let smtpTlsForceInsecureHostTlsaLookup = Key.boolean(
    "smtp_tls_force_insecure_host_tlsa_lookup", false, .topLevel,
    """
    Whether TLSA records are asked for where the addresses of the host are not proved. They must be proved themselves.
    """)

  package static let smtpTlsConnectionReuse = Key.boolean(
    "smtp_tls_connection_reuse", false, .topLevel,
    "Whether connections with TLS are kept for further messages.")

  package static let smtpTlsDaneInsecureMxPolicy = Key.choice(
    "smtp_tls_dane_insecure_mx_policy", "${{$smtp_tls_security_level} == {dane} ? {dane} : {may}}", or: TLSInsecureMXPolicy.may, example: "encrypt",
    """
    What TLSA records of a host count for where the MX record that names it is not proved: `dane`, `encrypt` or `may`.
    """)

  package static let smtpTlsMtaSts = Key.boolean(
    "smtp_tls_mta_sts", true, .weir,
    """
    Whether domains' MTA-STS policies (RFC 8461) are looked for at the levels `may` and `dane`, and obeyed. It needs libcurl and \
    costs one DNS question for each domain, and an HTTPS request only where there is a policy.
    """)

  package static let smtpTlsMtaStsTimeout = Key.duration(
    "smtp_tls_mta_sts_timeout", "30s", seconds: 1...300, .weir, example: "10s",
    "How long fetching such a policy may take. The message waits meanwhile.")

  package static let smtpTlsMtaStsCacheLimit = Key.integer(
    "smtp_tls_mta_sts_cache_limit", 10_000, in: 1...1_000_000, .weir, example: "100000",
    "How many domains' policies are kept. They are kept on disk, too.")

  package static let tlsAppendDefaultCA = Key.boolean(
    "tls_append_default_CA", false, .topLevel,
    """
    Whether the system's authorities count besides those of smtp_tls_CAfile, smtp_tls_CApath and their twins for LMTP.
    """)

  package static let tlsOutcomesKeep = Key.duration(
    "tls_outcomes_keep", "14d", unit: .days, seconds: 0...Int(Int32.max), .weir, example: "30d",
    "How long `weir tls-outcomes` knows how TLS went with each domain. 0 keeps no such tally.")
}
