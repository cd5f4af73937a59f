// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let smtpProxies = Area(
    "Proxies and filters", "Who may say that mail comes from somebody else. What they say is believed: list only hosts that you run.",
    [
      Keys.smtpdUpstreamProxyProtocol, Keys.smtpdUpstreamProxyTimeout, Keys.haproxyTrustedNetworks, Keys.smtpdAuthorizedXclientHosts,
      Keys.smtpdAuthorizedXforwardHosts,
    ])
}

/// What a proxy says before anything else.
package enum UpstreamProxyProtocol: String, CaseIterable, Sendable {
  case none = ""
  case haproxy
}

extension Keys {
  package static let smtpdUpstreamProxyProtocol = Key.choice(
    "smtpd_upstream_proxy_protocol", UpstreamProxyProtocol.none, .anywhere, example: "haproxy",
    """
    `haproxy`: every connection begins with a header of HAProxy's PROXY protocol (version 1 or 2) that names the client. A connection without it is \
    closed, so give such proxies a listener of their own.
    """)

  package static let smtpdUpstreamProxyTimeout = Key.duration(
    "smtpd_upstream_proxy_timeout", "5s", .anywhere, example: "10s", "How long that header may take to arrive.")

  package static let haproxyTrustedNetworks = Key.networks(
    "haproxy_trusted_networks", "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 [::1]/128 [fc00::]/7 [fe80::]/10",
    Traits(origin: .dovecot, place: .anywhere), example: "192.0.2.10 [2001:db8::10]",
    """
    The proxies whose PROXY protocol header is believed. Who may send one can say that he is anybody, a client in mynetworks too; so by default none on \
    the Internet may. A connection from elsewhere is closed.
    """)

  package static let smtpdAuthorizedXclientHosts = Key.clients(
    "smtpd_authorized_xclient_hosts", "", .anywhere, example: "127.0.0.1",
    """
    The clients that may use XCLIENT: to say which client they speak for. Limits, restrictions, the log and Received: lines then see that one. \
    For proxies, fetchers of mail, and to try out restrictions.
    """)

  package static let smtpdAuthorizedXforwardHosts = Key.clients(
    "smtpd_authorized_xforward_hosts", "", .anywhere, example: "127.0.0.1",
    "The clients that may use XFORWARD: to say where the message that they hand on came from, for the log. For content filters.")
}
