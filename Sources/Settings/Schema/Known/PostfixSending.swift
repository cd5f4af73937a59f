// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// The SMTP client. Each has a twin for the LMTP client, which KnownFamily makes.
  static let postfixSending = table(
    .postfix, .needless, instead: "not yet: mail for other servers waits in the spool",
    """
    smtp_bind_address_enforce: holds mail back when this side's address cannot be used
    smtp_body_checks: tests the text of mail that leaves
    smtp_cname_overrides_servername: takes a server's name from its CNAME record
    smtp_connection_cache_reuse_limit: limits the messages on one outgoing connection
    smtp_dns_resolver_options: sets options of the resolver for outgoing mail
    smtp_enforce_peername: is an old way to require the server's name in its certificate
    smtp_mime_header_checks smtp_nested_header_checks: tests header lines of mail that leaves
    smtp_min_data_rate: gives up on a destination that reads too slowly
    smtp_per_record_deadline smtp_per_request_deadline: makes time limits count for whole requests
    smtp_pix_workaround_delay_time smtp_pix_workaround_maps: helps mail through old firewalls
    smtp_pix_workaround_threshold_time smtp_pix_workarounds: helps mail through old firewalls
    smtp_sasl_path smtp_sasl_type: chooses the library for logins at a relay -> remove the line: Weir has its own
    smtp_sasl_password_result_delimiter: ends the user name in a table of relay passwords
    smtp_skip_4xx_greeting: tries the next host after a refusal in the greeting
    smtp_tls_dcert_file smtp_tls_dkey_file smtp_tls_eccert_file smtp_tls_eckey_file: is a certificate or key for outgoing mail
    smtp_tls_enable_rpk: uses raw public keys in outgoing mail
    smtp_tls_per_site: is the old form of smtp_tls_policy_maps
    smtp_tlsrpt_enable smtp_tlsrpt_skip_reused_handshakes smtp_tlsrpt_socket_name: reports the TLS of outgoing mail
    smtp_tls_starttls_required smtp_requiretls_enable smtp_requiretls_policy: requires TLS all the way
    """)

  static let postfixLMTP = table(
    .postfix, .needless, instead: "not yet: mail for other servers waits in the spool",
    """
    lmtp_assume_final: says that an LMTP server delivers for good
    lmtp_cache_connection: keeps LMTP connections open
    """)
}
