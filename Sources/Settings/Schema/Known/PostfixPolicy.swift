// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  static let postfix =
    postfixPolicy + postfixDelivery + postfixSecurity + postfixHousekeeping + postfixReception + postfixEdge + postfixSending + postfixLMTP
    + postfixQueue

  /// Who may send what.
  private static let postfixPolicy: [KnownName] = [
    missing(.postfix, "smtpd_sender_login_maps", "says which user may use which sender"),
    missing(.postfix, "smtpd_authorized_verp_clients", "trusts clients with XVERP"),
    missing(.postfix, "smtpd_proxy_filter", "sends mail through a filter before it is accepted"),
    missing(.postfix, "smtpd_milters", "sends mail through milters"),
    missing(.postfix, "non_smtpd_milters", "sends mail made here through milters"),
    needless(.postfix, "milter_default_action", "says what happens without a milter", "remove the line: there are no milters"),
    needless(.postfix, "milter_protocol", "chooses the version of the milter protocol", "remove the line: there are no milters"),
    needless(.postfix, "milter_mail_macros", "names what milters are told", "remove the line: there are no milters"),
    needless(.postfix, "milter_connect_macros", "names what milters are told", "remove the line: there are no milters"),
    missing(.postfix, "smtp_header_checks", "tests header lines of mail that leaves"),
    missing(.postfix, "milter_header_checks", "tests header lines that milters add"),
    missing(.postfix, "local_header_checks", "tests header lines of local mail"),
  ]

}
