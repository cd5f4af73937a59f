// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  static let postfix =
    postfixPolicy + postfixDelivery + postfixSecurity + postfixHousekeeping + postfixReception + postfixEdge + postfixSending + postfixLMTP
    + postfixQueue

  /// Who may send what.
  private static let postfixPolicy: [KnownName] = [
    missing(.postfix, "smtpd_sender_login_maps", "says which user may use which sender"),
    missing(.postfix, "smtpd_reject_footer", "puts text after refusals"),
    missing(.postfix, "smtpd_authorized_verp_clients", "trusts clients with XVERP"),
    missing(.postfix, "smtpd_upstream_proxy_protocol", "reads the client's address from a proxy"),
    missing(.postfix, "smtpd_command_filter", "rewrites commands"),
    missing(
      .postfix, "smtpd_discard_ehlo_keyword_address_maps", "hides extensions from some clients",
      "use smtpd_discard_ehlo_keywords, which hides them from all"),
    missing(.postfix, "smtpd_client_message_rate_limit", "limits the messages of one client"),
    missing(.postfix, "smtpd_client_recipient_rate_limit", "limits the recipients of one client"),
    missing(.postfix, "smtpd_client_new_tls_session_rate_limit", "limits the TLS sessions of one client"),
    missing(.postfix, "smtpd_client_auth_rate_limit", "limits the logins of one client"),
    missing(.postfix, "smtpd_proxy_filter", "sends mail through a filter before it is accepted"),
    missing(.postfix, "content_filter", "sends mail through a filter after it is accepted"),
    missing(.postfix, "receive_override_options", "turns parts of the reception off"),
    missing(.postfix, "smtpd_milters", "sends mail through milters"),
    missing(.postfix, "non_smtpd_milters", "sends mail made here through milters"),
    needless(.postfix, "milter_default_action", "says what happens without a milter", "remove the line: there are no milters"),
    needless(.postfix, "milter_protocol", "chooses the version of the milter protocol", "remove the line: there are no milters"),
    needless(.postfix, "milter_mail_macros", "names what milters are told", "remove the line: there are no milters"),
    needless(.postfix, "milter_connect_macros", "names what milters are told", "remove the line: there are no milters"),
    missing(.postfix, "header_checks", "tests each header line against patterns"),
    missing(.postfix, "mime_header_checks", "tests each MIME header line against patterns"),
    missing(.postfix, "nested_header_checks", "tests the header lines of attached messages"),
    missing(.postfix, "body_checks", "tests each line of the text against patterns"),
    missing(.postfix, "smtp_header_checks", "tests header lines of mail that leaves"),
    missing(.postfix, "milter_header_checks", "tests header lines that milters add"),
    missing(.postfix, "local_header_checks", "tests header lines of local mail"),
    needless(.postfix, "body_checks_size_limit", "limits how much of a text body_checks tests", "remove the line: there are no body_checks"),
    needless(.postfix, "header_size_limit", "limits the length of a header line"),
    missing(.postfix, "unverified_recipient_reject_code", "chooses a reply code", "not yet: addresses are not probed"),
    missing(.postfix, "unverified_sender_reject_code", "chooses a reply code", "not yet: addresses are not probed"),
    needless(.postfix, "address_verify_map", "keeps the results of address probes", "remove the line: there are no probes"),
    missing(.postfix, "postscreen_access_list", "says whom postscreen lets pass", postscreen),
    missing(.postfix, "postscreen_dnsbl_sites", "names the DNS lists that postscreen asks", postscreen),
    missing(.postfix, "postscreen_dnsbl_threshold", "is the score at which postscreen refuses", postscreen),
    missing(.postfix, "postscreen_dnsbl_action", "says what postscreen does then", postscreen),
    missing(.postfix, "postscreen_greet_action", "says what postscreen does to clients that speak first", postscreen),
    missing(.postfix, "postscreen_greet_wait", "is how long postscreen waits before it greets", postscreen),
    missing(.postfix, "postscreen_blacklist_action", "says what postscreen does to listed clients", postscreen),
    missing(.postfix, "postscreen_denylist_action", "says what postscreen does to listed clients", postscreen),
    missing(.postfix, "postscreen_pipelining_enable", "makes postscreen test for pipelining", postscreen),
    missing(.postfix, "postscreen_non_smtp_command_enable", "makes postscreen test for foreign commands", postscreen),
    missing(.postfix, "postscreen_bare_newline_enable", "makes postscreen test for bare newlines", "use smtpd_forbid_bare_newline"),
    needless(.postfix, "stress", "is set by Postfix itself when it is short of processes"),
  ]

  private static let postscreen = "not yet: there is no postscreen"
}
