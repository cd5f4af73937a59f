// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let postscreen = Area(
    "Screening",
    """
    What Postfix's postscreen does in a process of its own, a listener does here with `postscreen = yes`: strangers wait before they are greeted, and who \
    speaks first, or is in lists of the DNS, is not served. Clients that passed are remembered while Weir runs. Not for submission: people's mail \
    programs fail these tests.
    """,
    [
      Keys.postscreen, Keys.postscreenAccessList, Keys.postscreenDenylistAction, Keys.postscreenBlacklistAction, Keys.postscreenGreetWait,
      Keys.postscreenGreetAction, Keys.postscreenGreetBanner, Keys.postscreenGreetTtl, Keys.postscreenDnsblSites, Keys.postscreenDnsblThreshold,
      Keys.postscreenDnsblAction, Keys.postscreenDnsblReplyMap, Keys.postscreenDnsblTtl, Keys.postscreenPipeliningEnable,
      Keys.postscreenPipeliningAction, Keys.postscreenNonSmtpCommandEnable, Keys.postscreenNonSmtpCommandAction, Keys.postscreenBareNewlineEnable,
      Keys.postscreenBareNewlineAction, Keys.postscreenForbiddenCommands, Keys.postscreenCommandTimeLimit, Keys.postscreenUpstreamProxyProtocol,
      Keys.postscreenUpstreamProxyTimeout,
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

  package static let postscreenGreetWait = Key.duration(
    "postscreen_greet_wait", "6s", seconds: 1...100, .anywhere, example: "2s",
    "How long strangers wait for the greeting. In Postfix it becomes 2 seconds under stress; Weir holds waiting clients at little cost and keeps to it."
  )

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

  package static let postscreenDnsblAction = Key.choice(
    "postscreen_dnsbl_action", ScreenAction.ignore, .anywhere, example: "enforce", "What is done with clients that are listed.")

  package static let postscreenDnsblReplyMap = Key.tables(
    "postscreen_dnsbl_reply_map", "", .anywhere, example: "inline:{ secret.zen.example.org = zen.example.org }",
    "The name by which a refusal calls a list, for lists whose domain holds a password.")

  package static let postscreenDnsblTtl = Key.duration(
    "postscreen_dnsbl_ttl", "1h", .anywhere, example: "10m", "How long a client that is not listed is not asked about again.")

  package static let postscreenPipeliningEnable = Key.boolean(
    "postscreen_pipelining_enable", false, .anywhere,
    """
    Whether strangers that send several commands at once, which is not offered to them, fail. This and the next two tests need a conversation in which no \
    mail is taken: a client that passes is asked to come again (450).
    """)

  package static let postscreenPipeliningAction = Key.choice(
    "postscreen_pipelining_action", ScreenAction.enforce, .anywhere, example: "drop", "What is done with those.")

  package static let postscreenNonSmtpCommandEnable = Key.boolean(
    "postscreen_non_smtp_command_enable", false, .anywhere, "Whether strangers fail that send what only other protocols know.")

  package static let postscreenNonSmtpCommandAction = Key.choice(
    "postscreen_non_smtp_command_action", ScreenAction.drop, .anywhere, example: "enforce", "What is done with those.")

  package static let postscreenBareNewlineEnable = Key.boolean(
    "postscreen_bare_newline_enable", false, .anywhere, "Whether strangers fail whose lines end in LF alone.")

  package static let postscreenBareNewlineAction = Key.choice(
    "postscreen_bare_newline_action", ScreenAction.ignore, .anywhere, example: "enforce", "What is done with those.")

  package static let postscreenForbiddenCommands = Key.words(
    "postscreen_forbidden_commands", "$smtpd_forbidden_commands", .anywhere, example: "CONNECT, GET, POST",
    "The commands that postscreen_non_smtp_command_enable looks for, besides what looks like a header field.")

  package static let postscreenCommandTimeLimit = Key.duration(
    "postscreen_command_time_limit", "300s", .anywhere, example: "10s", "How long a conversation in which no mail is taken may last.")

  package static let postscreenUpstreamProxyProtocol = Key.choice(
    "postscreen_upstream_proxy_protocol", UpstreamProxyProtocol.none, .anywhere, example: "haproxy",
    "The same as smtpd_upstream_proxy_protocol, where `postscreen` is on.")

  package static let postscreenUpstreamProxyTimeout = Key.duration(
    "postscreen_upstream_proxy_timeout", "5s", .anywhere, example: "10s", "How long that header may take to arrive, where `postscreen` is on.")
}
