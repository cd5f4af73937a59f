// SPDX-License-Identifier: Apache-2.0

extension KnownName {
  /// postscreen, which stands before smtpd, and its helpers.
  static let postfixEdge =
    table(
      .postfix, .missing,
      """
      postscreen_whitelist_interfaces: names the addresses on which clients can pass postscreen's tests -> use postscreen_allowlist_interfaces == static:all
      postscreen_dnsbl_whitelist_threshold: is the score at which a client passes without tests -> use postscreen_dnsbl_allowlist_threshold
      postscreen_command_filter: rewrites commands
      postscreen_enforce_tls postscreen_use_tls: is the TLS of postscreen -> use postscreen_tls_security_level == $smtpd_enforce_tls | $smtpd_use_tls
      """)
    + table(
      .postfix, .needless, instead: "remove the line: screening is part of each listener here",
      """
      postscreen_client_connection_count_limit: limits the connections of one client -> use smtpd_client_connection_count_limit
      postscreen_expansion_filter: says which characters replies may hold
      postscreen_post_queue_limit postscreen_pre_queue_limit: limits the connections that wait -> use smtpd_connection_limit
      postscreen_watchdog_timeout tlsproxy_watchdog_timeout postlogd_watchdog_timeout: ends a process that hangs
      dnsblog_reply_delay: delays the answers of DNS lists, for tests
      dnsblog_service_name postscreen_cache_service_name tlsproxy_service_name: names one of Postfix's services
      tlsproxy_client_enforce_tls tlsproxy_client_use_tls tlsproxy_client_per_site tlsproxy_client_policy_maps: is the client side of postscreen's TLS
      tlsproxy_client_security_level tlsproxy_client_loglevel tlsproxy_client_loglevel_parameter: is the client side of postscreen's TLS
      tlsproxy_enforce_tls tlsproxy_use_tls: is the TLS of postscreen -> use smtpd_tls_security_level
      """)
}
