// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let postscreen = Area(
    "Screening",
    """
    What Postfix's postscreen does in a process of its own, a listener does here with `postscreen = yes`: strangers wait before they are greeted, and who \
    speaks first, or is in lists of the DNS, is not served. Clients that passed are remembered, over restarts too. Not for submission: people's mail \
    programs fail these tests.
    """,
    [
      Keys.postscreen, Keys.postscreenAccessList, Keys.postscreenDenylistAction, Keys.postscreenBlacklistAction, Keys.postscreenAllowlistInterfaces,
      Keys.postscreenGreetWait, Keys.postscreenGreetAction, Keys.postscreenGreetBanner, Keys.postscreenGreetTtl, Keys.postscreenDnsblSites,
      Keys.postscreenDnsblThreshold, Keys.postscreenDnsblAllowlistThreshold, Keys.postscreenDnsblAction, Keys.postscreenDnsblReplyMap,
      Keys.postscreenDnsblTimeout, Keys.postscreenDnsblMinTtl, Keys.postscreenDnsblMaxTtl, Keys.postscreenDnsblTtl, Keys.postscreenPipeliningEnable,
      Keys.postscreenPipeliningAction, Keys.postscreenPipeliningTtl, Keys.postscreenNonSmtpCommandEnable, Keys.postscreenNonSmtpCommandAction,
      Keys.postscreenNonSmtpCommandTtl, Keys.postscreenForbiddenCommands, Keys.postscreenBareNewlineEnable, Keys.postscreenBareNewlineAction,
      Keys.postscreenBareNewlineTtl, Keys.postscreenCacheMap, Keys.postscreenCacheRetentionTime, Keys.postscreenCacheCleanupInterval,
      Keys.postscreenTlsSecurityLevel, Keys.postscreenHeloRequired, Keys.postscreenDisableVrfyCommand, Keys.postscreenDiscardEhloKeywords,
      Keys.postscreenDiscardEhloKeywordAddressMaps, Keys.postscreenRejectFooter, Keys.postscreenRejectFooterMaps, Keys.postscreenCommandTimeLimit,
      Keys.postscreenCommandCountLimit, Keys.postscreenUpstreamProxyProtocol, Keys.postscreenUpstreamProxyTimeout,
    ])
}

/// What a failed test leads to.
package enum ScreenAction: String, CaseIterable, Sendable { case ignore, enforce, drop }

extension Keys {
  package static let postscreen = Key.boolean(
    "postscreen", false, .weirAnywhere,
    "Whether clients are tested before they are served. In Postfix this is a service of master.cf; the settings below count where it is on.")

  package static let postscreenAccessList = Key.accessList(
    "postscreen_access_list", "permit_mynetworks", .anywhere, example: "permit_mynetworks, inline:{ 192.0.2.1 = reject }",
    """
    Who is served without tests, and who is not served at all: `permit_mynetworks` and tables that are asked for the client's address and say `permit`, \
    `reject` or `dunno`. The first that does not say `dunno` decides.
    """)

  package static let postscreenDenylistAction = Key.choice(
    "postscreen_denylist_action", ScreenAction.ignore, .anywhere, example: "enforce",
    """
    What is done with clients that postscreen_access_list rejects: `ignore` (they are tested like others), `enforce` (they may speak, and every recipient \
    is refused and logged), `drop` (the connection ends at once).
    """)

  package static let postscreenBlacklistAction = Key.choice(
    "postscreen_blacklist_action", ScreenAction.ignore, .anywhere, example: "enforce",
    "The older name of postscreen_denylist_action. The stricter of the two counts.")

  package static let postscreenAllowlistInterfaces = Key.networks(
    "postscreen_allowlist_interfaces", "static:all", .anywhere, example: "!192.0.2.2, static:all",
    """
    The addresses of this machine at which clients can pass the tests. At another one they are told to come again (450), unless they have passed \
    elsewhere: programs that try the backup server first do not get through.
    """)

  package static let postscreenGreetWait = Key.duration(
    "postscreen_greet_wait", "${stress?{2}:{6}}s", seconds: 1...100, .anywhere, example: "2s", "How long strangers wait for the greeting.")

  package static let postscreenGreetAction = Key.choice(
    "postscreen_greet_action", ScreenAction.ignore, .anywhere, example: "enforce",
    "What is done with clients that speak before they are greeted: as for postscreen_denylist_action; with `ignore` they are only logged.")

  package static let postscreenGreetBanner = Key.text(
    "postscreen_greet_banner", "$smtpd_banner", .anywhere, example: "mail.example.com",
    "The line `220-…` that is sent while a client waits: clients that do not know of such lines speak too early. Empty means no wait at all.")

  package static let postscreenGreetTtl = Key.duration(
    "postscreen_greet_ttl", "1d", .anywhere, example: "7d", "How long a client that waited need not wait again.")

  package static let postscreenDnsblSites = Key.words(
    "postscreen_dnsbl_sites", "", .anywhere, example: "zen.example.org*3, bl.example.org=127.0.0.[2..5], white.example.org*-4",
    "Lists in the DNS that are asked for strangers: `domain`, `domain=address` where only some answers count, and `*weight`, which may be negative.")

  package static let postscreenDnsblThreshold = Key.integer(
    "postscreen_dnsbl_threshold", 1, in: 1...1_000_000, .anywhere, example: "3", "The sum of weights from which a client is taken for listed.")

  package static let postscreenDnsblAllowlistThreshold = Key.integer(
    "postscreen_dnsbl_allowlist_threshold", 0, in: -1_000_000...0, .anywhere, example: "-1",
    "A sum of weights so low passes all tests at once, the greet delay too. It is below zero; 0 means that none does.")

  package static let postscreenDnsblAction = Key.choice(
    "postscreen_dnsbl_action", ScreenAction.ignore, .anywhere, example: "enforce", "What is done with clients that are listed.")

  package static let postscreenDnsblReplyMap = Key.tables(
    "postscreen_dnsbl_reply_map", "", .anywhere, example: "inline:{ secret.zen.example.org = zen.example.org }",
    "The name by which a refusal calls a list, for lists whose domain holds a password.")

  package static let postscreenDnsblTimeout = Key.duration(
    "postscreen_dnsbl_timeout", "10s", .anywhere, example: "3s",
    "How long a list is waited for. All are asked at the same time, while the client waits for its greeting; one that has not answered then does not count."
  )

  package static let postscreenDnsblMinTtl = Key.duration(
    "postscreen_dnsbl_min_ttl", "60s", .anywhere, example: "5m",
    "A client that is not listed is not asked about again for as long as the lists' answers hold, but at least for so long.")

  package static let postscreenDnsblMaxTtl = Key.duration(
    "postscreen_dnsbl_max_ttl", "$postscreen_dnsbl_ttl", .anywhere, example: "10m", "And at most for so long.")

  package static let postscreenDnsblTtl = Key.duration(
    "postscreen_dnsbl_ttl", "1h", .anywhere, example: "10m", "The older name of postscreen_dnsbl_max_ttl, which counts where that is not set.")

  package static let postscreenPipeliningEnable = Key.boolean(
    "postscreen_pipelining_enable", false, .anywhere,
    """
    Whether strangers that send several commands at once, which is not offered to them, fail. This and the next two tests need a conversation in which no \
    mail is taken: a client that passes is asked to come again (450).
    """)

  package static let postscreenPipeliningAction = Key.choice(
    "postscreen_pipelining_action", ScreenAction.enforce, .anywhere, example: "drop", "What is done with those.")

  package static let postscreenPipeliningTtl = Key.duration(
    "postscreen_pipelining_ttl", "30d", .anywhere, example: "7d", "How long a client that passed this test need not take it again.")

  package static let postscreenNonSmtpCommandEnable = Key.boolean(
    "postscreen_non_smtp_command_enable", false, .anywhere, "Whether strangers fail that send what only other protocols know.")

  package static let postscreenNonSmtpCommandAction = Key.choice(
    "postscreen_non_smtp_command_action", ScreenAction.drop, .anywhere, example: "enforce", "What is done with those.")

  package static let postscreenNonSmtpCommandTtl = Key.duration(
    "postscreen_non_smtp_command_ttl", "30d", .anywhere, example: "7d", "How long a client that passed this test need not take it again.")

  package static let postscreenBareNewlineEnable = Key.boolean(
    "postscreen_bare_newline_enable", false, .anywhere, "Whether strangers fail whose lines end in LF alone.")

  package static let postscreenBareNewlineAction = Key.choice(
    "postscreen_bare_newline_action", ScreenAction.ignore, .anywhere, example: "enforce", "What is done with those.")

  package static let postscreenBareNewlineTtl = Key.duration(
    "postscreen_bare_newline_ttl", "30d", .anywhere, example: "7d", "How long a client that passed this test need not take it again.")

  package static let postscreenForbiddenCommands = Key.commands(
    "postscreen_forbidden_commands", "$smtpd_forbidden_commands", .anywhere, example: "CONNECT, GET, POST",
    "The commands that postscreen_non_smtp_command_enable looks for, besides what looks like a header field.")

  package static let postscreenCacheMap = Key.cacheMap(
    "postscreen_cache_map", "btree:$data_directory/postscreen_cache", example: "btree:/var/lib/weir/screened",
    """
    Where it is kept which clients have passed: `btree:`, `hash:` or `lmdb:` and a path, which is a folder here, with files of Weir's own. Empty: in memory \
    alone, until Weir ends. At most 100,000 clients are remembered; then those longest unseen are forgotten. What has changed is written every half minute.
    """)

  package static let postscreenCacheRetentionTime = Key.duration(
    "postscreen_cache_retention_time", "7d", seconds: 0...Int(Int32.max), example: "1d",
    "How long a client is remembered after its last test has run out: it has to take the tests again, but is logged as an old one.")

  package static let postscreenCacheCleanupInterval = Key.duration(
    "postscreen_cache_cleanup_interval", "12h", seconds: 0...Int(Int32.max), example: "1h",
    "How often those whose time is over are looked for. 0: never; they are forgotten only for new ones.")

  package static let postscreenTlsSecurityLevel = Key.choice(
    "postscreen_tls_security_level", "$smtpd_tls_security_level", or: TLSSecurityLevel.unset, .anywhere, example: "none",
    "The same as smtpd_tls_security_level, for conversations in which no mail is taken.")

  package static let postscreenHeloRequired = Key.boolean(
    "postscreen_helo_required", "$smtpd_helo_required", .anywhere, example: "yes", "The same as smtpd_helo_required, for such conversations.")

  package static let postscreenDisableVrfyCommand = Key.boolean(
    "postscreen_disable_vrfy_command", "$disable_vrfy_command", .anywhere, example: "yes",
    "The same as disable_vrfy_command, for such conversations.")

  package static let postscreenDiscardEhloKeywords = Key.words(
    "postscreen_discard_ehlo_keywords", "$smtpd_discard_ehlo_keywords", .anywhere, example: "etrn",
    "The same as smtpd_discard_ehlo_keywords, for such conversations.")

  package static let postscreenDiscardEhloKeywordAddressMaps = Key.tables(
    "postscreen_discard_ehlo_keyword_address_maps", "$smtpd_discard_ehlo_keyword_address_maps", .anywhere,
    example: "inline:{ 192.0.2.1 = starttls }", "The same as smtpd_discard_ehlo_keyword_address_maps, for such conversations.")

  package static let postscreenRejectFooter = Key.text(
    "postscreen_reject_footer", "$smtpd_reject_footer", .unexpanded, example: #"\c. See https://example.com/refused"#,
    "The same as smtpd_reject_footer, for such conversations and for clients that are dropped.")

  package static let postscreenRejectFooterMaps = Key.tables(
    "postscreen_reject_footer_maps", "$smtpd_reject_footer_maps", .anywhere, example: "static:Try_later", "The same as smtpd_reject_footer_maps.")

  package static let postscreenCommandTimeLimit = Key.duration(
    "postscreen_command_time_limit", "${stress?{10}:{300}}s", .anywhere, example: "10s",
    "How long each command may take in a conversation in which no mail is taken.")

  package static let postscreenCommandCountLimit = Key.integer(
    "postscreen_command_count_limit", 20, in: 1...Int(Int32.max), .anywhere, example: "10", "How many commands such a conversation may have.")

  package static let postscreenUpstreamProxyProtocol = Key.choice(
    "postscreen_upstream_proxy_protocol", UpstreamProxyProtocol.none, .anywhere, example: "haproxy",
    "The same as smtpd_upstream_proxy_protocol, where `postscreen` is on.")

  package static let postscreenUpstreamProxyTimeout = Key.duration(
    "postscreen_upstream_proxy_timeout", "5s", .anywhere, example: "10s", "How long that header may take to arrive, where `postscreen` is on.")
}
