// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// What Postfix's smtpd and cleanup do with mail that arrives.
  static let postfixReception =
    table(
      .postfix, .missing,
      """
      unknown_virtual_alias_reject_code: chooses a reply code == 550
      maps_rbl_domains: is an old list of DNS lists -> use reject_rbl_client in smtpd_client_restrictions
      smtpd_milter_maps: chooses milters by client
      smtpd_proxy_options: sets how a filter gets mail
      smtpd_delay_open_until_valid_rcpt: begins a queue file only for a good recipient == yes
      smtpd_sasl_mechanism_filter: limits the ways to log in
      smtpd_tls_enable_rpk: accepts raw public keys of clients
      allow_untrusted_routing: relays addresses that hold a route
      local_login_sender_maps: says which local user may use which sender == static:*
      message_drop_headers: removes header lines
      message_reject_characters: refuses messages with certain characters
      strict_8bitmime_body strict_mime_encoding_domain: refuses messages whose MIME is not right
      force_mime_input_conversion: converts 8-bit text that arrives
      tls_required_enable: honours the header field TLS-Required == yes
      smtpd_hide_client_session: leaves the client out of Received:
      request_tls_required requiretls_enable: requires TLS all the way
      """)
    + table(
      .postfix, .needless, instead: "remove the line",
      """
      qmqpd_client_port_logging: logs the port of clients
      smtpd_history_flush_threshold: limits what the log repeats of a session
      smtpd_log_access_permit_actions: logs what was permitted, and by what
      smtpd_proxy_ehlo smtpd_proxy_timeout: tunes the connection to a filter
      smtpd_service_name smtpd_sasl_service_name address_verify_service_name: names one of Postfix's services
      milter_command_timeout milter_connect_timeout milter_content_timeout: is how long a milter may take
      milter_data_macros milter_end_of_data_macros milter_end_of_header_macros milter_helo_macros: names what milters are told
      milter_rcpt_macros milter_unknown_command_macros milter_macro_defaults: names what milters are told
      milter_macro_daemon_name milter_macro_v: is what milters are told of this server
      internal_mail_filter_classes: filters mail that Postfix itself writes
      qmqpd_authorized_clients qmqpd_error_delay qmqpd_timeout: is for QMQP, a protocol of qmail -> remove the line: there is no QMQP
      header_address_token_limit mime_boundary_length_limit mime_nesting_limit queue_file_attribute_count_limit: limits how much of a message is looked at
      info_log_address_format: is the form of addresses in the log
      detect_8bit_encoding_header: sets the MIME encoding of 8-bit text
      full_name_encoding_charset: is the character set of names of local senders
      header_from_format: is the form of the From: line that is added
      frozen_delivered_to: fixes where Delivered-To: is looked for
      empty_address_local_login_sender_maps_lookup_key: is the key that stands for the empty sender in tables
      enable_idna2003_compatibility: converts international names in an old way
      sendmail_fix_line_endings sun_mailtool_compatibility: helps old mail programs
      drop_hdrs duplicate_filter_limit: limits how far repeated recipients are found
      dont_remove: keeps delivered messages in a folder of their own
      """)
    + table(
      .postfix, .needless, instead: "remove the line: OpenSSL's own values are used",
      """
      tls_config_file tls_config_name openssl_path: is OpenSSL's configuration or program
      tls_daemon_random_bytes tls_random_bytes tls_random_exchange_name tls_random_prng_update_period tls_random_reseed_period: feeds random numbers
      tls_dane_digests tls_dane_digest_agility tls_dane_trust_anchor_digest_enable dnssec_probe: is for DANE in outgoing mail
      tls_disable_workarounds: turns off what OpenSSL does for faulty clients
      tls_eecdh_strong_curve tls_eecdh_ultra_curve tls_ffdhe_auto_groups: chooses curves and groups
      tls_export_cipherlist tls_low_cipherlist tls_null_cipherlist: redefines a grade of ciphers
      tls_fast_shutdown_enable: does not wait for the end of TLS
      tls_legacy_public_key_fingerprints: computes digests of keys in an old way
      tls_session_ticket_cipher: is the cipher of tickets
      tls_wildcard_matches_multiple_labels: lets `*` in a certificate stand for several labels
      tlsmgr_service_name: names one of Postfix's services
      """)
}
