// SPDX-License-Identifier: Apache-2.0
import SMTP
import Restrictions
import Server
import Settings

extension EdgeConfiguration {
  init(_ listener: ListenerConfiguration, _ setup: Setup) {
    self.init()
    serviceName = listener.name
    let keywords = setup.tables(listener[Keys.smtpdDiscardEhloKeywordAddressMaps])
    if !keywords.isEmpty {
      discardedKeywords = { address in
        keywords.value(for: address.description).map { words in
          Set(words.uppercased().split { $0 == " " || $0 == "," || $0 == "\t" }.map(String.init))
        }
      }
    }
    forbidsCommand = setup.commands(listener[Keys.smtpdForbiddenCommands])
    ignoresCommand = setup.commands(listener[Keys.smtpdNoopCommands])
    let filter = setup.tables(listener[Keys.smtpdCommandFilter])
    if !filter.isEmpty { commandFilter = { filter.value(for: $0) } }
    authorizedXclientHosts = setup.clients(listener[Keys.smtpdAuthorizedXclientHosts], listener.below(Keys.smtpdAuthorizedXclientHosts))
    authorizedXforwardHosts = setup.clients(listener[Keys.smtpdAuthorizedXforwardHosts], listener.below(Keys.smtpdAuthorizedXforwardHosts))
  }
}

extension Setup {
  /// Nil for an empty list.
  func commands(_ patterns: PatternList) -> (@Sendable (String) -> Bool)? {
    if patterns.isEmpty { return nil }
    let lists = patterns.tables.map { tables([$0]) }
    return { command in patterns.contains(command.lowercased()) { lists[$0].value(for: command) != nil } }
  }
}

extension ProxyReader {
  /// Nil unless `smtpd_upstream_proxy_protocol` says that there are proxies.
  init?(_ listener: ListenerConfiguration, _ setup: Setup) {
    let isScreened = listener[Keys.postscreen] && listener[Keys.postscreenUpstreamProxyProtocol] == .haproxy
    guard isScreened || listener[Keys.smtpdUpstreamProxyProtocol] == .haproxy else { return nil }
    let timeout = listener[isScreened ? Keys.postscreenUpstreamProxyTimeout : Keys.smtpdUpstreamProxyTimeout]
    self.init(timeout: timeout, trusted: setup.networks(listener[Keys.haproxyTrustedNetworks]))
  }
}

extension RejectFooter {
  init?(_ listener: ListenerConfiguration, _ setup: Setup) {
    let maps = setup.tables(listener[Keys.smtpdRejectFooterMaps])
    let map: @Sendable (String) -> String? = { maps.value(for: $0) }
    self.init(
      listener[Keys.smtpdRejectFooter], map: maps.isEmpty ? nil : map, serverName: listener[Keys.myhostname],
      filter: ExpansionFilter(listener[Keys.smtpdExpansionFilter]))
  }
}
