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
  convenience init?(_ listener: ListenerConfiguration, _ setup: Setup, cache: PassCache, names: any NameService) {
    guard listener[Keys.postscreen] else { return nil }
    self.init(Settings(listener, setup, names: names), cache: cache)
  }
}

extension Screen.Settings {
  fileprivate init(_ listener: ListenerConfiguration, _ setup: Setup, names: any NameService) {
    self.init()
    conversation = ScreeningMachine.Settings(listener, setup)
    greetWait = listener[Keys.postscreenGreetWait]
    greetAction = Screen.Consequence(listener[Keys.postscreenGreetAction])
    banner = listener[Keys.smtpdBanner]
    greetBanner = listener[Keys.postscreenGreetBanner]
    access = setup.access(listener[Keys.postscreenAccessList], mynetworks: setup.networks(listener[Keys.mynetworks]))
    let interfaces = setup.networks(listener[Keys.postscreenAllowlistInterfaces])
    mayPassAt = { interfaces.contains($0) }
    denylistAction = Screen.Consequence(listener[Keys.postscreenDenylistAction].stricter(listener[Keys.postscreenBlacklistAction]))
    dnsbl = DNSBlocklists(listener, setup, names: names)
    takeTests(listener)
    commandTime = listener[Keys.postscreenCommandTimeLimit]
    lineLengthLimit = listener[Keys.lineLengthLimit].bytes
    footer = RejectFooter(screening: listener, setup)
  }

  private mutating func takeTests(_ listener: ListenerConfiguration) {
    if listener[Keys.postscreenPipeliningEnable] { deepTests[.pipelining] = Screen.Consequence(listener[Keys.postscreenPipeliningAction]) }
    if listener[Keys.postscreenNonSmtpCommandEnable] {
      deepTests[.nonSMTPCommand] = Screen.Consequence(listener[Keys.postscreenNonSmtpCommandAction])
    }
    if listener[Keys.postscreenBareNewlineEnable] { deepTests[.bareNewline] = Screen.Consequence(listener[Keys.postscreenBareNewlineAction]) }
    lifetimes = [
      .pregreet: listener[Keys.postscreenGreetTtl].components.seconds, .pipelining: listener[Keys.postscreenPipeliningTtl].components.seconds,
      .nonSMTPCommand: listener[Keys.postscreenNonSmtpCommandTtl].components.seconds,
      .bareNewline: listener[Keys.postscreenBareNewlineTtl].components.seconds,
    ]
  }
}

extension ScreeningMachine.Settings {
  fileprivate init(_ listener: ListenerConfiguration, _ setup: Setup) {
    self.init()
    host = listener[Keys.myhostname]
    heloRequired = listener[Keys.postscreenHeloRequired]
    disableVrfy = listener[Keys.postscreenDisableVrfyCommand]
    maximumCommands = listener[Keys.postscreenCommandCountLimit]
    if let forbids = setup.commands(listener[Keys.postscreenForbiddenCommands]) { forbidsCommand = forbids }
    tlsLevel = ServerConfiguration.TLSLevel(listener[Keys.postscreenTlsSecurityLevel])
    let size = listener[Keys.messageSizeLimit].bytes
    let all: [(String, Bool)] = [
      (size > 0 ? "SIZE \(size)" : "SIZE", true), ("VRFY", !disableVrfy), ("ETRN", true), ("STARTTLS", tlsLevel != .none),
      ("ENHANCEDSTATUSCODES", true), ("8BITMIME", true), ("DSN", true), ("SMTPUTF8", listener[Keys.smtputf8Enable]), ("CHUNKING", true),
    ]
    keywords = all.filter(\.1).map(\.0)
    hidden = setup.discardedKeywords(
      listener[Keys.postscreenDiscardEhloKeywords], setup.tables(listener[Keys.postscreenDiscardEhloKeywordAddressMaps]))
  }
}

extension RejectFooter {
  /// A default that names smtpd's is not expanded, as the text that it names is not.
  fileprivate init?(screening listener: ListenerConfiguration, _ setup: Setup) {
    let text = listener[Keys.postscreenRejectFooter]
    let maps = setup.tables(listener[Keys.postscreenRejectFooterMaps])
    let map: @Sendable (String) -> String? = { maps.value(for: $0) }
    self.init(
      text == "$\(Keys.smtpdRejectFooter.name)" ? listener[Keys.smtpdRejectFooter] : text, map: maps.isEmpty ? nil : map,
      serverName: listener[Keys.myhostname])
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

extension Setup {
  /// By address; what a table says takes the place of `words`.
  fileprivate func discardedKeywords(_ words: [String], _ tables: TableList) -> @Sendable (IPAddress) -> Set<String> {
    let common = Set(words.map { $0.uppercased() })
    if tables.isEmpty { return { _ in common } }
    return { address in
      tables.value(for: address.description).map { words in
        Set(words.uppercased().split { $0 == " " || $0 == "," || $0 == "\t" }.map(String.init))
      } ?? common
    }
  }
}

extension DNSBlocklists {
  /// Nil without `postscreen_dnsbl_sites`.
  fileprivate init?(_ listener: ListenerConfiguration, _ setup: Setup, names: any NameService) {
    let lists = listener[Keys.postscreenDnsblSites].compactMap(DNSList.init)
    if lists.isEmpty { return nil }
    let titles = setup.tables(listener[Keys.postscreenDnsblReplyMap])
    var domains: [String] = []
    for list in lists where !domains.contains(list.domain) { domains.append(list.domain) }
    let sites = domains.compactMap { domain -> Site? in
      let own = lists.filter { $0.domain == domain }
      guard let first = own.first else { return nil }
      return Site(
        domain: domain, question: first.question, entries: own.map { ($0.isListed, $0.weight) }, title: titles.value(for: domain) ?? domain)
    }
    self.init(sites: sites, names: names)
    threshold = listener[Keys.postscreenDnsblThreshold]
    let least = listener[Keys.postscreenDnsblAllowlistThreshold]
    allowlistThreshold = least < 0 ? least : nil
    action = Screen.Consequence(listener[Keys.postscreenDnsblAction])
    timeout = listener[Keys.postscreenDnsblTimeout]
    let shortest = listener[Keys.postscreenDnsblMinTtl].components.seconds
    timeToLive = shortest...max(shortest, listener[Keys.postscreenDnsblMaxTtl].components.seconds)
  }
}
