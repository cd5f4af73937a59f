// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// The SMTP client. Each has a twin for the LMTP client, which KnownFamily makes.
  static let postfixSending = table(
    .postfix, .needless, instead: "not yet: mail for other servers waits in the spool",
    """
    smtp_address_verify_target: is the command after which an address probe stops
    smtp_bind_address_enforce: holds mail back when this side's address cannot be used
    smtp_body_checks: tests the text of mail that leaves
    smtp_cname_overrides_servername: takes a server's name from its CNAME record
    smtp_connection_cache_reuse_limit: limits the messages on one outgoing connection
    smtp_starttls_timeout smtp_xforward_timeout: limits a step of outgoing mail
    smtp_dns_reply_filter: drops DNS records in outgoing mail
    smtp_dns_resolver_options: sets options of the resolver for outgoing mail
    smtp_enforce_peername smtp_tls_enforce_peername: is an old way to require the server's name in its certificate
    smtp_mime_header_checks smtp_nested_header_checks: tests header lines of mail that leaves
    smtp_min_data_rate: gives up on a destination that reads too slowly
    smtp_per_record_deadline smtp_per_request_deadline: makes time limits count for whole requests
    smtp_pix_workaround_delay_time smtp_pix_workaround_maps: helps mail through old firewalls
    smtp_pix_workaround_threshold_time smtp_pix_workarounds: helps mail through old firewalls
    smtp_sasl_auth_cache_name smtp_sasl_auth_cache_time: remembers logins that a relay refused
    smtp_sasl_auth_soft_bounce: keeps mail when the relay refuses the login
    smtp_sasl_path smtp_sasl_type: chooses the library for logins at a relay
    smtp_sasl_password_result_delimiter: ends the user name in a table of relay passwords
    smtp_sasl_tls_verified_security_options: limits the ways to log in to a relay whose certificate is good
    smtp_send_dummy_mail_auth: says AUTH=<> in MAIL after a login at a relay
    smtp_send_xforward_command: tells the next server about the first client
    smtp_sender_dependent_authentication: chooses the login at a relay by sender
    smtp_skip_4xx_greeting: tries the next host after a refusal in the greeting
    smtp_tls_block_early_mail_reply: detects an attack on STARTTLS in outgoing mail
    smtp_tls_chain_files smtp_tls_dcert_file smtp_tls_dkey_file smtp_tls_eccert_file smtp_tls_eckey_file: is a certificate or key for outgoing mail
    smtp_tls_connection_reuse: uses a TLS connection for several messages
    smtp_tls_dane_insecure_mx_policy: says how DANE works with an MX record that is not signed
    smtp_tls_enable_rpk: uses raw public keys in outgoing mail
    smtp_tls_exclude_ciphers smtp_tls_mandatory_ciphers smtp_tls_mandatory_exclude_ciphers: limits the ciphers of outgoing mail
    smtp_tls_fingerprint_cert_match smtp_tls_fingerprint_digest: accepts servers by the digest of their certificate
    smtp_tls_secure_cert_match smtp_tls_verify_cert_match: says which names in a server's certificate count
    smtp_tls_force_insecure_host_tlsa_lookup: looks for TLSA records of hosts in unsigned zones
    smtp_tls_per_site: is the old form of smtp_tls_policy_maps
    smtp_tls_scert_verifydepth: limits the chain of a server's certificate
    smtp_tls_servername: is the name sent in outgoing TLS
    smtp_tls_session_cache_timeout: is how long TLS sessions of outgoing mail are kept
    smtp_tls_trust_anchor_file: trusts some certificates for outgoing mail
    smtp_tlsrpt_enable smtp_tlsrpt_skip_reused_handshakes smtp_tlsrpt_socket_name: reports the TLS of outgoing mail
    smtp_tls_starttls_required smtp_requiretls_enable smtp_requiretls_policy: requires TLS all the way
    smtp_address_verify_poll_count: waits for the result of an address probe
    """)

  static let postfixLMTP = table(
    .postfix, .needless, instead: "not yet: mail for other servers waits in the spool",
    """
    lmtp_assume_final: says that an LMTP server delivers for good
    lmtp_cache_connection: keeps LMTP connections open
    lmtp_sasl_auth_enable: logs in to the LMTP server
    """)
}
