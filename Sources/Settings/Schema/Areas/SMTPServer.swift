// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let smtpServer = Area(
    "SMTP server", "How Weir speaks with clients.",
    [
      Keys.smtpdBanner, Keys.smtpdHeloRequired, Keys.disableVrfyCommand, Keys.smtpdDiscardEhloKeywords,
      Keys.smtpdDiscardEhloKeywordAddressMaps, Keys.smtpdRejectFooter, Keys.smtpdRejectFooterMaps, Keys.smtpdCommandFilter, Keys.smtpdNoopCommands,
      Keys.smtputf8Enable, Keys.strictRfc821Envelopes, Keys.strictSmtputf8, Keys.smtpdPeernameLookup, Keys.smtpdDnsReplyFilter,
      Keys.smtpdClientPortLogging,
      Keys.smtpdRejectUnlistedRecipient, Keys.receiveOverrideOptions, Keys.unknownLocalRecipientRejectCode, Keys.unknownVirtualMailboxRejectCode,
      Keys.unknownRelayRecipientRejectCode, Keys.softBounce, Keys.allowPercentHack, Keys.swapBangpath,
      Keys.appendDotMydomain, Keys.allowMinUser, Keys.resolveDequotedAddress, Keys.resolveNullDomain, Keys.resolveNumericDomain,
    ])
}

extension Keys {
  package static let smtpdBanner = Key.text(
    "smtpd_banner", "$myhostname ESMTP $mail_name", .anywhere, example: "$myhostname ESMTP",
    "The text after the code 220 that greets a client. RFC 5321 wants the host name first.")

  package static let smtpdHeloRequired = Key.boolean(
    "smtpd_helo_required", false, .anywhere, "Whether a client must say HELO or EHLO before MAIL.")

  package static let disableVrfyCommand = Key.boolean(
    "disable_vrfy_command", false, .anywhere, "Whether VRFY is refused. It lets a client ask whether an address exists.")

  package static let smtpdDiscardEhloKeywords = Key.words(
    "smtpd_discard_ehlo_keywords", "", .anywhere, example: "chunking, silent-discard",
    "Extensions that are not offered in the answer to EHLO. With `silent-discard` among them the log does not mention it.")

  package static let smtpdDiscardEhloKeywordAddressMaps = Key.tables(
    "smtpd_discard_ehlo_keyword_address_maps", "", .anywhere, example: "inline:{ 192.0.2.1 = chunking }",
    "The same for single clients, by address. What is found there takes the place of smtpd_discard_ehlo_keywords.")

  package static let smtpdRejectFooter = Key.text(
    "smtpd_reject_footer", "", .unexpanded, example: #"\c. For help, write to postmaster@example.com; time ($localtime), client ($client_address)."#,
    #"""
    A text that is put after each refusal (4xx and 5xx): on lines of its own, or with `\c` in front at the end of the last. `\n` begins a new line. \#
    $client, $client_address, $client_name, $client_port, $localtime and $server_name stand for what they say.
    """#)

  package static let smtpdRejectFooterMaps = Key.tables(
    "smtpd_reject_footer_maps", "", .anywhere, example: "static:Try_later",
    "Tables that are asked for the whole refusal and give the text for it in place of smtpd_reject_footer. Most useful with `pcre:`.")

  package static let smtpdCommandFilter = Key.tables(
    "smtpd_command_filter", "", .anywhere, example: "inline:{ noop = RSET }",
    "A table that is asked for each command line as the client sent it, and gives the one to take instead. Most useful with `pcre:`.")

  package static let smtpdNoopCommands = Key.commands(
    "smtpd_noop_commands", "", .anywhere, example: "XFOO", "Commands that are answered with 250 and otherwise ignored.")

  package static let smtputf8Enable = Key.boolean(
    "smtputf8_enable", true, .anywhere, "Whether addresses and headers beyond ASCII are accepted (RFC 6531).")

  package static let strictRfc821Envelopes = Key.boolean(
    "strict_rfc821_envelopes", false, .anywhere,
    "Whether the addresses in MAIL and RCPT must stand in `<>` and must hold nothing but the address. Many programs do not keep to that.")

  package static let strictSmtputf8 = Key.boolean(
    "strict_smtputf8", false, .anywhere, "Whether an address beyond ASCII is refused unless the client asked for SMTPUTF8 in MAIL.")

  package static let smtpdPeernameLookup = Key.boolean(
    "smtpd_peername_lookup", true, .anywhere, "Whether the name of a client is looked up in the DNS. Without it all clients are `unknown`.")

  package static let smtpdDnsReplyFilter = Key.tables(
    "smtpd_dns_reply_filter", "", .anywhere, example: "pcre:{ {/ AAAA / IGNORE} }",
    "As smtp_dns_reply_filter, for what the restrictions and DNS lists ask.")

  package static let smtpdClientPortLogging = Key.boolean(
    "smtpd_client_port_logging", false, .anywhere, "Whether the client's port is logged after its address, as in `host[192.0.2.1]:4711`.")

  package static let smtpdRejectUnlistedRecipient = Key.boolean(
    "smtpd_reject_unlisted_recipient", true, .anywhere,
    "Whether a recipient in one of the server's own domains that no table knows is refused at once. Mail for it would only bounce later.")

  package static let receiveOverrideOptions = Key.choices(
    "receive_override_options", "", of: receiveOverrides, .anywhere, example: "no_unknown_recipient_checks",
    """
    Parts of the reception to leave out, for a port to which a filter returns mail. `no_unknown_recipient_checks`: no recipient is refused because no \
    table knows it. `no_header_body_checks`: header_checks and body_checks do not look at the mail. `no_address_mappings`: aliases and copies are left to the port that \
    the filter returns to. `no_milters` has no effect so far, as there are none.
    """)

  static let receiveOverrides = ["no_unknown_recipient_checks", "no_address_mappings", "no_header_body_checks", "no_milters"]

  package static let unknownLocalRecipientRejectCode = Key.integer(
    "unknown_local_recipient_reject_code", 550, in: 400...599, .anywhere, example: "450",
    "The code that refuses an unknown recipient in a domain of mydestination.")

  package static let unknownVirtualMailboxRejectCode = Key.integer(
    "unknown_virtual_mailbox_reject_code", 550, in: 400...599, .anywhere, example: "450",
    "The code that refuses an unknown recipient in a domain of virtual_mailbox_domains.")

  package static let unknownRelayRecipientRejectCode = Key.integer(
    "unknown_relay_recipient_reject_code", 550, in: 400...599, .anywhere, example: "450",
    "The code that refuses a recipient in a domain of relay_domains that relay_recipient_maps does not list.")

  package static let softBounce = Key.boolean(
    "soft_bounce", false, .anywhere, "Whether every refusal is temporary (4xx), so that no mail is lost while you try a new configuration.")

  package static let allowPercentHack = Key.boolean(
    "allow_percent_hack", true, .anywhere, "Whether `user%domain` in front of the `@` means `user@domain`.")

  package static let swapBangpath = Key.boolean("swap_bangpath", true, .anywhere, "Whether `site!user` means `user@site`.")

  package static let allowMinUser = Key.boolean(
    "allow_min_user", false, .anywhere,
    "Whether an address may begin with a hyphen. Programs that get addresses as arguments may take such a one for an option.")

  package static let resolveDequotedAddress = Key.boolean(
    "resolve_dequoted_address", true, .anywhere,
    """
    Whether `user@domain` in front of the last `@` leads to that domain, if the one behind it is ours. Without it that is the odd name of a local \
    user, which strangers still cannot write to.
    """)

  package static let resolveNullDomain = Key.boolean(
    "resolve_null_domain", false, .anywhere, "Whether `user@` is taken for `user`, instead of being refused.")

  package static let resolveNumericDomain = Key.boolean(
    "resolve_numeric_domain", false, .anywhere, "Whether `user@192.0.2.1` is taken for `user@[192.0.2.1]`, instead of being refused.")

  package static let appendDotMydomain = Key.boolean(
    "append_dot_mydomain", false, .anywhere, "Whether `.$mydomain` is put after a domain that has no dot.")
}
