// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension KnownName {
  /// Values that say no more than a missing line would: the defaults of what Weir does not do. Some people keep all of `postconf -d` in their main.cf.
  static let postfixDefaults: [String: String] = Dictionary(
    uniqueKeysWithValues: defaultLines.split(separator: "\n").compactMap { line in
      guard let mark = line.firstRange(of: " = ") else { return nil }
      let elements = LocatedText(name: "default", text: String(line[mark.upperBound...])).elements()
      return (String(line[..<mark.lowerBound]), elements.map(\.text).joined(separator: " "))
    })

  private static let defaultLines = #"""
    access_map_reject_code = 554
    alias_maps = hash:/etc/aliases, nis:mail.aliases
    default_rbl_reply = $rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}
    default_transport = smtp
    invalid_hostname_reject_code = 501
    local_delivery_status_filter = $default_delivery_status_filter
    maps_rbl_reject_code = 554
    message_drop_headers = bcc, content-length, resent-bcc, return-path
    mynetworks_style = ${{$compatibility_level} <level {2} ? {subnet} : {host}}
    non_fqdn_reject_code = 504
    parent_domain_matches_subdomains = debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,smtpd_access_maps
    pipe_delivery_status_filter = $default_delivery_status_filter
    postscreen_access_list = permit_mynetworks
    postscreen_allowlist_interfaces = ${postscreen_whitelist_interfaces?{$postscreen_whitelist_interfaces}:{static:all}}
    postscreen_bare_newline_action = ignore
    postscreen_denylist_action = ${postscreen_blacklist_action?{$postscreen_blacklist_action}:{ignore}}
    postscreen_dnsbl_action = ignore
    postscreen_dnsbl_allowlist_threshold = ${postscreen_dnsbl_whitelist_threshold?{$postscreen_dnsbl_whitelist_threshold}:{0}}
    postscreen_dnsbl_threshold = 1
    postscreen_greet_action = ignore
    postscreen_greet_wait = ${stress?{2}:{6}}s
    postscreen_non_smtp_command_action = drop
    postscreen_pipelining_action = enforce
    reject_code = 554
    relay_domains_reject_code = 554
    relay_transport = relay
    smtp_fallback_relay = $fallback_relay
    smtpd_authorized_verp_clients = $authorized_verp_clients
    smtpd_policy_service_default_action = 451 4.3.5 Server configuration problem
    smtpd_relay_before_recipient_restrictions = ${{$compatibility_level} <level {3.6} ? {no} : {yes}}
    smtpd_relay_restrictions = ${{$compatibility_level} <level {1} ? {} : {permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination}}
    smtpd_sasl_mechanism_filter = !external, static:rest
    tlsproxy_tls_CAfile = $smtpd_tls_CAfile
    tlsproxy_tls_CApath = $smtpd_tls_CApath
    tlsproxy_tls_ccert_verifydepth = $smtpd_tls_ccert_verifydepth
    tlsproxy_tls_req_ccert = $smtpd_tls_req_ccert
    unknown_address_reject_code = 450
    unknown_client_reject_code = 450
    unknown_hostname_reject_code = 450
    virtual_alias_domains = $virtual_alias_maps
    virtual_alias_maps = $virtual_maps
    virtual_delivery_status_filter = $default_delivery_status_filter
    virtual_transport = virtual
    """#
}
