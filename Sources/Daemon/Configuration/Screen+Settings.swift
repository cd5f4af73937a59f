// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Restrictions
import SMTP
import Server
import Settings
import Tables

extension Screen {
  /// Nil unless `postscreen` is on.
  convenience init?(_ listener: ListenerConfiguration, _ setup: Setup, names: any NameService) {
    guard listener[Keys.postscreen] else { return nil }
    self.init(Settings(listener, setup, names: names))
  }
}

extension Screen.Settings {
  fileprivate init(_ listener: ListenerConfiguration, _ setup: Setup, names: any NameService) {
    self.init()
    host = listener[Keys.myhostname]
    heloRequired = listener[Keys.smtpdHeloRequired]
    greetWait = listener[Keys.postscreenGreetWait]
    greetAction = Screen.Consequence(listener[Keys.postscreenGreetAction])
    banner = listener[Keys.smtpdBanner]
    greetBanner = listener[Keys.postscreenGreetBanner]
    greetTTL = listener[Keys.postscreenGreetTtl]
    access = setup.access(listener[Keys.postscreenAccessList], mynetworks: setup.networks(listener[Keys.mynetworks]))
    denylistAction = Screen.Consequence(listener[Keys.postscreenDenylistAction].stricter(listener[Keys.postscreenBlacklistAction]))
    dnsbl = DNSBlocklists(listener, setup, names: names)
    tests = ScreeningMachine.Tests(listener)
    commandTime = listener[Keys.postscreenCommandTimeLimit]
  }
}

extension Setup {
  /// The first element that says `permit` or `reject` decides.
  fileprivate func access(_ patterns: PatternList, mynetworks: NetworkList) -> @Sendable (IPAddress) -> Screen.Access {
    let elements = patterns.elements.map { element -> @Sendable (IPAddress) -> Screen.Access in
      switch element.pattern {
      case .name("permit"): return { _ in .permit }
      case .name("reject"): return { _ in .reject }
      case .name: return { mynetworks.contains($0) ? .permit : .unknown }
      case .network(let network): return { network.contains($0) ? .permit : .unknown }
      case .table(let reference):
        let table = tables([reference])
        return { Screen.Access(table.value(for: $0.description)) }
      }
    }
    return { address in elements.lazy.map { $0(address) }.first { $0 != .unknown } ?? .unknown }
  }
}

extension Screen.Access {
  fileprivate init(_ word: String?) {
    switch word?.lowercased() {
    case "permit": self = .permit
    case "reject": self = .reject
    default: self = .unknown
    }
  }
}

extension ScreenAction {
  private var severity: Int { self == .ignore ? 0 : self == .enforce ? 1 : 2 }
  fileprivate func stricter(_ other: ScreenAction) -> ScreenAction { severity > other.severity ? self : other }
}

extension Screen.Consequence {
  fileprivate init(_ action: ScreenAction) {
    switch action {
    case .ignore: self = .ignore
    case .enforce: self = .enforce
    case .drop: self = .drop
    }
  }
}

extension ScreeningMachine.Tests {
  fileprivate init(_ listener: ListenerConfiguration) {
    self.init()
    if listener[Keys.postscreenPipeliningEnable] { pipelining = Screen.Consequence(listener[Keys.postscreenPipeliningAction]) }
    if listener[Keys.postscreenNonSmtpCommandEnable] { nonSMTPCommand = Screen.Consequence(listener[Keys.postscreenNonSmtpCommandAction]) }
    if listener[Keys.postscreenBareNewlineEnable] { bareNewline = Screen.Consequence(listener[Keys.postscreenBareNewlineAction]) }
    forbiddenCommands = Set(listener[Keys.postscreenForbiddenCommands].map { $0.uppercased() })
  }
}

extension DNSBlocklists {
  /// Nil without `postscreen_dnsbl_sites`.
  fileprivate init?(_ listener: ListenerConfiguration, _ setup: Setup, names: any NameService) {
    let lists = listener[Keys.postscreenDnsblSites].compactMap(DNSList.init)
    if lists.isEmpty { return nil }
    let titles = setup.tables(listener[Keys.postscreenDnsblReplyMap])
    let sites = lists.map { list in
      Site(
        question: list.question, isListed: list.isListed, weight: list.weight, title: titles.value(for: list.domain) ?? list.domain)
    }
    self.init(
      sites: sites, threshold: listener[Keys.postscreenDnsblThreshold], action: Screen.Consequence(listener[Keys.postscreenDnsblAction]),
      ttl: listener[Keys.postscreenDnsblTtl], names: names)
  }
}
