// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let smtpProxies = Area(
    "Proxies and filters", "Who may say that mail comes from somebody else. What they say is believed: list only hosts that you run.",
    [Keys.smtpdAuthorizedXclientHosts, Keys.smtpdAuthorizedXforwardHosts])
}

extension Keys {
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
