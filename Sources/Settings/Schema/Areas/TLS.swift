// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let tls = Area(
    "TLS", "Encryption between clients and this server. Without a certificate of your own Weir makes a self-signed pair at its first start.",
    [
      Keys.smtpdTlsSecurityLevel, Keys.smtpdTlsWrappermode, Keys.smtpdTlsCertFile, Keys.smtpdTlsKeyFile, Keys.smtpdTlsChainFiles,
      Keys.tlsServerSniMaps, Keys.smtpdTlsProtocols, Keys.smtpdTlsMandatoryProtocols, Keys.smtpdTlsCiphers, Keys.smtpdTlsMandatoryCiphers,
      Keys.smtpdTlsExcludeCiphers, Keys.smtpdTlsMandatoryExcludeCiphers, Keys.tlsPreemptCipherlist, Keys.smtpdTlsAskCcert,
      Keys.smtpdTlsReqCcert, Keys.smtpdTlsCAfile, Keys.smtpdTlsCApath, Keys.smtpdTlsCcertVerifydepth, Keys.smtpdTlsFingerprintDigest,
      Keys.relayClientcerts,
      Keys.smtpdTlsReceivedHeader, Keys.smtpdTlsLoglevel, Keys.smtpdTlsSessionCacheTimeout,
    ])
}

/// `none` and the empty word mean the same.
package enum TLSSecurityLevel: String, CaseIterable, Sendable {
  case unset = ""
  case none, may, encrypt
}

package enum TLSCipherGrade: String, CaseIterable, Sendable { case export, low, medium, high, null }

extension Keys {
  package static let smtpdTlsSecurityLevel = Key.choice(
    "smtpd_tls_security_level", TLSSecurityLevel.may, .anywhere, example: "encrypt",
    """
    `may`: STARTTLS is offered. `encrypt`: nothing but STARTTLS, EHLO, NOOP and QUIT is accepted before it. `none` or empty: it is not offered. \
    Postfix's own default is empty; Weir always has a certificate, so it offers TLS.
    """)

  package static let smtpdTlsWrappermode = Key.boolean(
    "smtpd_tls_wrappermode", false, .anywhere, "Whether TLS begins with the connection, without STARTTLS, as on port 465.")

  package static let smtpdTlsCertFile = Key.path(
    "smtpd_tls_cert_file", "", .anywhere, example: "/etc/ssl/certs/mail.example.com.pem",
    "The server's certificate and those between it and its root, in PEM form. It is read again when it changes. Empty means the self-signed one.")

  package static let smtpdTlsKeyFile = Key.path(
    "smtpd_tls_key_file", "$smtpd_tls_cert_file", .anywhere, example: "/etc/ssl/private/mail.example.com.key",
    "The private key, in PEM form, without a password.")

  package static let smtpdTlsChainFiles = Key.words(
    "smtpd_tls_chain_files", "", .anywhere, example: "/etc/weir/ecdsa.pem, /etc/weir/rsa.pem",
    "Files that each hold a key and the certificates that belong to it, in this order. They replace smtpd_tls_cert_file and smtpd_tls_key_file.")

  package static let tlsServerSniMaps = Key.tables(
    "tls_server_sni_maps", "", .anywhere, example: "hash:/etc/weir/sni",
    "Certificates by the name that the client asks for: host name, or `.domain` for all below it, then the files as in smtpd_tls_chain_files.")

  package static let smtpdTlsProtocols = Key.tlsProtocols(
    "smtpd_tls_protocols", ">=TLSv1", .anywhere, example: ">=TLSv1.2",
    "The protocols that may be used where TLS is optional: `>=TLSv1.2`, `!TLSv1`, or names.")

  package static let smtpdTlsMandatoryProtocols = Key.tlsProtocols(
    "smtpd_tls_mandatory_protocols", ">=TLSv1", .anywhere, example: ">=TLSv1.2", "The same where TLS is required.")

  package static let smtpdTlsCiphers = Key.choice(
    "smtpd_tls_ciphers", TLSCipherGrade.medium, .anywhere, example: "high", "The weakest ciphers that may be used where TLS is optional.")

  package static let smtpdTlsMandatoryCiphers = Key.choice(
    "smtpd_tls_mandatory_ciphers", TLSCipherGrade.medium, .anywhere, example: "high", "The same where TLS is required.")

  package static let smtpdTlsExcludeCiphers = Key.words(
    "smtpd_tls_exclude_ciphers", "", .anywhere, example: "aNULL, MD5", "Ciphers, by OpenSSL's names, that are never used.")

  package static let smtpdTlsMandatoryExcludeCiphers = Key.words(
    "smtpd_tls_mandatory_exclude_ciphers", "", .anywhere, example: "aNULL", "Further ones where TLS is required.")

  package static let tlsPreemptCipherlist = Key.boolean(
    "tls_preempt_cipherlist", false, .topLevel, "Whether the server's order of ciphers counts instead of the client's.")

  package static let smtpdTlsAskCcert = Key.boolean(
    "smtpd_tls_ask_ccert", false, .anywhere, "Whether clients are asked for a certificate. None is required.")

  package static let smtpdTlsReqCcert = Key.boolean(
    "smtpd_tls_req_ccert", false, .anywhere,
    """
    Whether a client must show a certificate of an authority that is trusted here. It counts only where TLS is required \
    (smtpd_tls_security_level = encrypt or smtpd_tls_wrappermode = yes), and asks for one like smtpd_tls_ask_ccert. Who has none gets 421.
    """)

  package static let smtpdTlsCAfile = Key.path(
    "smtpd_tls_CAfile", "", .anywhere, example: "/etc/weir/clients-ca.pem",
    "The authorities whose client certificates are trusted, in PEM form. Clients that are asked for a certificate are told their names.")

  package static let smtpdTlsCApath = Key.path(
    "smtpd_tls_CApath", "", .anywhere, example: "/etc/ssl/certs",
    "A folder of trusted authorities, as `openssl rehash` makes it. Clients are not told their names.")

  package static let smtpdTlsCcertVerifydepth = Key.integer(
    "smtpd_tls_ccert_verifydepth", 9, in: 0...100, .anywhere, example: "1",
    "How long the chain of a client's certificate may be: 1 where the authorities sign it themselves, 2 with one certificate between.")

  package static let smtpdTlsFingerprintDigest = Key.text(
    "smtpd_tls_fingerprint_digest", "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", .anywhere, example: "sha256",
    """
    The digest by which relay_clientcerts and check_ccert_access know certificates and their keys, by OpenSSL's name. \
    `openssl x509 -noout -fingerprint -sha256` prints that of a certificate.
    """)

  package static let relayClientcerts = Key.tables(
    "relay_clientcerts", "", .anywhere, example: "hash:/etc/weir/relay_clientcerts",
    """
    Clients that permit_tls_clientcerts permits: the fingerprint of a certificate, or of its key, and any value. It need not be signed by a \
    trusted authority.
    """)

  package static let smtpdTlsReceivedHeader = Key.boolean(
    "smtpd_tls_received_header", false, .anywhere, "Whether the Received: line tells protocol and cipher.")

  package static let smtpdTlsLoglevel = Key.integer(
    "smtpd_tls_loglevel", 0, in: 0...4, .anywhere, example: "1", "1 logs one line for each TLS session; more than 1 means the same.")

  package static let smtpdTlsSessionCacheTimeout = Key.duration(
    "smtpd_tls_session_cache_timeout", "3600s", seconds: 0...8_640_000, .anywhere, example: "2h",
    "How long a client may resume a session. 0 turns resumption off.")
}
