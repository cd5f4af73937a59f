// SPDX-License-Identifier: Apache-2.0
import Restrictions

extension Area {
  static let restrictions = Area(
    "Restrictions",
    """
    What is refused, by whom it comes from and to whom it goes. Each list is worked through in order; docs/restrictions.md has all the words \
    that can stand in them, and what access tables hold.
    """,
    [
      Keys.smtpdClientRestrictions, Keys.smtpdHeloRestrictions, Keys.smtpdSenderRestrictions, Keys.smtpdRelayRestrictions,
      Keys.smtpdRecipientRestrictions, Keys.smtpdDataRestrictions, Keys.smtpdEndOfDataRestrictions, Keys.smtpdEtrnRestrictions,
      Keys.smtpdRestrictionClasses, Keys.smtpdDelayReject, Keys.smtpdRelayBeforeRecipientRestrictions,
      Keys.smtpdRejectUnlistedSender, Keys.accessMapRejectCode, Keys.accessMapDeferCode, Keys.mapsRblRejectCode, Keys.rejectCode,
      Keys.deferCode, Keys.relayDomainsRejectCode, Keys.invalidHostnameRejectCode, Keys.nonFqdnRejectCode,
      Keys.unknownAddressRejectCode, Keys.unknownClientRejectCode, Keys.unknownHostnameRejectCode, Keys.plaintextRejectCode,
      Keys.multiRecipientBounceRejectCode, Keys.rejectTempfailAction, Keys.unknownAddressTempfailAction,
      Keys.unknownHeloHostnameTempfailAction, Keys.smtpdNullAccessLookupKey, Keys.parentDomainMatchesSubdomains,
      Keys.defaultRblReply, Keys.rblReplyMaps, Keys.smtpdExpansionFilter, Keys.smtpdPolicyServiceDefaultAction, Keys.smtpdPolicyServicePolicyContext,
      Keys.smtpdPolicyServiceTimeout, Keys.smtpdPolicyServiceMaxIdle, Keys.smtpdPolicyServiceMaxTtl,
      Keys.smtpdPolicyServiceRetryDelay, Keys.smtpdPolicyServiceTryLimit, Keys.smtpdPolicyServiceRequestLimit,
      Keys.permitMxBackupNetworks, Keys.showUserUnknownTableName,
    ])
}

/// What a restriction does that would refuse but gets no answer.
package enum TempfailAction: String, CaseIterable, Sendable {
  case deferIfPermit = "defer_if_permit"
  case `defer`
}

extension Keys {
  package static let smtpdClientRestrictions = Key.restrictions(
    "smtpd_client_restrictions", .client, "", .anywhere, example: "reject_rbl_client zen.spamhaus.org",
    """
    A list of restrictions, worked through in order until one permits or refuses. This one is about the client: its name and address. What \
    there is, is on the page about restrictions.
    """)

  package static let smtpdHeloRestrictions = Key.restrictions(
    "smtpd_helo_restrictions", .helo, "", .anywhere, example: "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname",
    """
    A list of restrictions, worked through in order until one permits or refuses. This one is about the name that the client gives in HELO \
    or EHLO; it is skipped if there was none.
    """)

  package static let smtpdSenderRestrictions = Key.restrictions(
    "smtpd_sender_restrictions", .sender, "", .anywhere, example: "reject_non_fqdn_sender, reject_unknown_sender_domain",
    "A list of restrictions, worked through in order until one permits or refuses. This one is about the address in MAIL.")

  package static let smtpdRelayRestrictions = Key.restrictions(
    "smtpd_relay_restrictions", .relay, "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination", .anywhere,
    example: "permit_mynetworks, reject_unauth_destination",
    """
    A list of restrictions, worked through in order until one permits or refuses. This one says who may send where. It or \
    smtpd_recipient_restrictions must hold something that refuses strangers: reject, reject_unauth_destination, defer, defer_if_permit or \
    defer_unauth_destination.
    """)

  package static let smtpdRecipientRestrictions = Key.restrictions(
    "smtpd_recipient_restrictions", .recipient, "", .anywhere,
    example: "permit_mynetworks, reject_unauth_destination, check_policy_service inet:127.0.0.1:10023",
    "A list of restrictions, worked through in order until one permits or refuses. This one is about the address in RCPT.")

  package static let smtpdDataRestrictions = Key.restrictions(
    "smtpd_data_restrictions", .data, "", .anywhere, example: "reject_unauth_pipelining",
    """
    A list of restrictions, worked through in order until one permits or refuses. This one is run at DATA, and at the first BDAT.
    """)

  package static let smtpdEndOfDataRestrictions = Key.restrictions(
    "smtpd_end_of_data_restrictions", .endOfData, "", .anywhere, example: "check_policy_service unix:/run/policy",
    """
    A list of restrictions, worked through in order until one permits or refuses. This one is run when the whole message has come.
    """)

  package static let smtpdEtrnRestrictions = Key.restrictions(
    "smtpd_etrn_restrictions", .etrn, "", .anywhere, example: "permit_mynetworks, reject",
    "A list of restrictions, worked through in order until one permits or refuses. This one is run at ETRN.")

  package static let smtpdRestrictionClasses = Key.words(
    "smtpd_restriction_classes", "", .anywhere, example: "strict, lenient",
    """
    Names for lists of restrictions of your own. Each is then set like any setting (`strict = reject_unknown_sender_domain, reject`) and can \
    stand in lists of restrictions and as the action in access tables.
    """)

  package static let smtpdDelayReject = Key.boolean(
    "smtpd_delay_reject", true, .anywhere,
    """
    Whether the restrictions on client, HELO and sender wait for RCPT (or ETRN). Many clients do not understand a refusal before, and the \
    log then says whose mail it was.
    """)

  package static let smtpdRelayBeforeRecipientRestrictions = Key.boolean(
    "smtpd_relay_before_recipient_restrictions", true, .anywhere,
    "Whether smtpd_relay_restrictions are run before smtpd_recipient_restrictions.")

  package static let smtpdRejectUnlistedSender = Key.boolean(
    "smtpd_reject_unlisted_sender", false, .anywhere,
    "Whether a sender in one of the server's own domains that no table knows is refused, as by reject_unlisted_sender.")

  package static let accessMapRejectCode = Key.integer(
    "access_map_reject_code", 554, in: 400...599, .anywhere, example: "550",
    "The code of REJECT in an access table.")

  package static let accessMapDeferCode = Key.integer(
    "access_map_defer_code", 450, in: 400...599, .anywhere, example: "451",
    "The code of DEFER, DEFER_IF_PERMIT and DEFER_IF_REJECT in an access table.")

  package static let mapsRblRejectCode = Key.integer(
    "maps_rbl_reject_code", 554, in: 400...599, .anywhere, example: "550",
    "The code of refusals by reject_rbl_client and reject_rhsbl_*: `$rbl_code` in their texts.")

  package static let rejectCode = Key.integer(
    "reject_code", 554, in: 400...599, .anywhere, example: "550",
    "The code of the restriction reject.")

  package static let deferCode = Key.integer(
    "defer_code", 450, in: 400...599, .anywhere, example: "451",
    "The code of the restriction defer.")

  package static let relayDomainsRejectCode = Key.integer(
    "relay_domains_reject_code", 554, in: 400...599, .anywhere, example: "550",
    "The code of reject_unauth_destination. defer_unauth_destination has the same with a 4 in front.")

  package static let invalidHostnameRejectCode = Key.integer(
    "invalid_hostname_reject_code", 501, in: 400...599, .anywhere, example: "550",
    "The code of reject_invalid_helo_hostname.")

  package static let nonFqdnRejectCode = Key.integer(
    "non_fqdn_reject_code", 504, in: 400...599, .anywhere, example: "550",
    "The code of reject_non_fqdn_helo_hostname, reject_non_fqdn_sender and reject_non_fqdn_recipient.")

  package static let unknownAddressRejectCode = Key.integer(
    "unknown_address_reject_code", 450, in: 400...599, .anywhere, example: "550",
    """
    The code of reject_unknown_sender_domain and reject_unknown_recipient_domain. It is 450 in any case while the DNS does not answer.
    """)

  package static let unknownClientRejectCode = Key.integer(
    "unknown_client_reject_code", 450, in: 400...599, .anywhere, example: "550",
    """
    The code of reject_unknown_client_hostname and reject_unknown_reverse_client_hostname. It is 450 in any case while the DNS does not \
    answer.
    """)

  package static let unknownHostnameRejectCode = Key.integer(
    "unknown_hostname_reject_code", 450, in: 400...599, .anywhere, example: "550",
    "The code of reject_unknown_helo_hostname. It is 450 in any case while the DNS does not answer.")

  package static let plaintextRejectCode = Key.integer(
    "plaintext_reject_code", 450, in: 400...599, .anywhere, example: "530",
    "The code of reject_plaintext_session.")

  package static let multiRecipientBounceRejectCode = Key.integer(
    "multi_recipient_bounce_reject_code", 550, in: 400...599, .anywhere, example: "553",
    "The code of reject_multi_recipient_bounce.")

  package static let rejectTempfailAction = Key.choice(
    "reject_tempfail_action", TempfailAction.deferIfPermit, .anywhere, example: "defer",
    """
    What a restriction does that would refuse but cannot find out: `defer` refuses for now, at once; `defer_if_permit` lets later \
    restrictions refuse for good, and else refuses for now.
    """)

  package static let unknownAddressTempfailAction = Key.choice(
    "unknown_address_tempfail_action", "$reject_tempfail_action", .anywhere, example: "defer",
    "The same for reject_unknown_sender_domain and reject_unknown_recipient_domain.")

  package static let unknownHeloHostnameTempfailAction = Key.choice(
    "unknown_helo_hostname_tempfail_action", "$reject_tempfail_action", .anywhere, example: "defer",
    "The same for reject_unknown_helo_hostname.")

  package static let smtpdNullAccessLookupKey = Key.text(
    "smtpd_null_access_lookup_key", "<>", .anywhere, example: "null@example.com",
    "What the empty sender is looked up by in check_sender_access tables.")

  package static let parentDomainMatchesSubdomains = Key.words(
    "parent_domain_matches_subdomains",
    "debug_peer_list, fast_flush_domains, mynetworks, permit_mx_backup_networks, qmqpd_authorized_clients, relay_domains, smtpd_access_maps",
    .anywhere, example: "smtpd_access_maps",
    """
    The lists in which `example.com` stands for everything below it too. Of them Weir has smtpd_access_maps (all access tables), relay_domains, \
    smtpd_client_event_limit_exceptions, smtpd_authorized_xclient_hosts, smtpd_authorized_xforward_hosts and transport_maps. For what is not named here, \
    `.example.com` stands for what is below; in mydestination and the virtual domains nothing stands for that.
    """)

  package static let defaultRblReply = Key.text(
    "default_rbl_reply", "$rbl_code Service unavailable; $rbl_class [$rbl_what] blocked using $rbl_domain${rbl_reason?; $rbl_reason}", .unexpanded,
    example: "$rbl_code $rbl_what is listed by $rbl_domain",
    """
    The reply of reject_rbl_client and reject_rhsbl_*. `$name` stands for client, client_address, client_name, helo_name, rbl_class, \
    rbl_code, rbl_domain, rbl_reason, rbl_what, recipient, reverse_client_name, sender, server_name; `${name?text}` for a text if there is \
    one.
    """)

  package static let smtpdExpansionFilter = Key.text(
    "smtpd_expansion_filter", ExpansionFilter.standardText, .unexpanded, example: #"abcdefghijklmnopqrstuvwxyz0123456789.-@[]:\40"#,
    #"""
    The characters that what a client says may bring into a reply, through `$name` in default_rbl_reply, rbl_reply_maps and smtpd_reject_footer. \#
    Others become `_`. `\t` and the like are as in C, `\40` is a character in octal digits.
    """#)

  package static let rblReplyMaps = Key.tables(
    "rbl_reply_maps", "", .anywhere, example: "hash:/etc/weir/rbl_reply",
    "Replies as in default_rbl_reply, by the name of the list in the DNS.")

  package static let smtpdPolicyServiceDefaultAction = Key.text(
    "smtpd_policy_service_default_action", "451 4.3.5 Server configuration problem", .anywhere, example: "DUNNO",
    "What happens if a policy server does not answer: an action as in access tables.")

  package static let smtpdPolicyServicePolicyContext = Key.text(
    "smtpd_policy_service_policy_context", "", .anywhere, example: "submission",
    "What policy servers get as `policy_context`.")

  package static let smtpdPolicyServiceTimeout = Key.duration(
    "smtpd_policy_service_timeout", "100s", .anywhere, example: "10s",
    "How long a policy server has for one answer.")

  package static let smtpdPolicyServiceMaxIdle = Key.duration(
    "smtpd_policy_service_max_idle", "300s", .anywhere, example: "60s",
    "After how long without a request a connection to a policy server is closed.")

  package static let smtpdPolicyServiceMaxTtl = Key.duration(
    "smtpd_policy_service_max_ttl", "1000s", .anywhere, example: "600s",
    "After how long a connection to a policy server is closed though it is in use.")

  package static let smtpdPolicyServiceRetryDelay = Key.duration(
    "smtpd_policy_service_retry_delay", "1s", .anywhere, example: "2s",
    "How long to wait before a policy server is tried again.")

  package static let smtpdPolicyServiceTryLimit = Key.integer(
    "smtpd_policy_service_try_limit", 2, in: 1...1000, .anywhere, example: "3",
    "How often a request is sent to a policy server before smtpd_policy_service_default_action counts.")

  package static let smtpdPolicyServiceRequestLimit = Key.integer(
    "smtpd_policy_service_request_limit", 0, .anywhere, example: "1000",
    "How many requests one connection to a policy server carries; 0 for no limit.")

  package static let permitMxBackupNetworks = Key.networks(
    "permit_mx_backup_networks", "", .anywhere, example: "192.0.2.0/24",
    "If not empty, permit_mx_backup permits only domains whose best MX hosts are all in these networks.")

  package static let showUserUnknownTableName = Key.boolean(
    "show_user_unknown_table_name", true, .anywhere,
    "Whether refusals of unknown users name the table that does not have them.")
}
