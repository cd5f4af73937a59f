// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// Where mail goes, and how.
  static let postfixDelivery: [KnownName] = [
    missing(.postfix, "virtual_mailbox_limit_maps", "limits the size of some virtual mailboxes"),
    missing(.postfix, "virtual_maps", "is the old name of virtual_alias_maps"),
    needless(.postfix, "owner_request_special", "treats owner-list and list-request apart"),
    needless(.postfix, "append_at_myorigin", "completes addresses without a domain", "Weir always does that"),
    needless(.postfix, "biff", "tells users of new mail", "remove the line: nobody is told"),
    needless(
      .postfix, "smtp_tls_session_cache_database", "remembers TLS sessions of outgoing mail",
      "sessions are kept in memory; smtp_tls_session_cache_timeout = 0 keeps none"),
  ]

  private static let relay = "not yet: mail for other servers waits in the spool"
  private static let bounces = "not yet: remove the line"
}
