// SPDX-License-Identifier: Apache-2.0
import Bytes
import Delivery
import Names
import Runtime
import SMTP
import Settings

extension TransportTable {
  /// `smtp`, `relay` and `lmtp`, and their variants.
  mutating func addSMTPClients(_ means: Relaying.Means) {
    let tell = means.tellsOfServers
    for client in means.setup.clientTransports {
      let setup = means.setup.seen(by: client.block)
      var names: any NameService
      // /etc/hosts counts only where `native` is asked for.
      if let all = means.names as? UnboundNames, !setup.configuration[client.keys.hosts.hostLookup].contains("native") {
        names = DirectNames(all)
      } else {
        names = means.names
      }
      names = FilteredNames.of(names, setup.tables(setup.configuration[client.keys.hosts.dnsReplyFilter]))
      guard let secured = means.security.client(client, names: names) else { continue }
      let transport = SMTPTransport(
        SMTPClientSettings(client, setup), on: means.loop, names: names, security: secured.security, logins: secured.logins, pool: means.pool,
        log: means.log, tell: tell)
      add(client.name, transport, service: client.isLMTP ? "lmtp" : "smtp")
    }
  }
}

/// A transport that speaks SMTP or LMTP.
struct ClientTransport: Sendable {
  let name: String
  let kind: TransportBlock.Kind
  /// What is said of it alone.
  var block: TransportBlock?

  var isLMTP: Bool { kind == .lmtp }
  var keys: SMTPClientKeys { isLMTP ? .lmtp : .smtp }
  var securityKeys: SecurityKeys { isLMTP ? .lmtp : .smtp }
}

extension Setup {
  var clientTransports: [ClientTransport] {
    let blocks = configuration.transports.filter { TransportBlock.clients.contains($0.kind.rawValue) }
    let own = [TransportBlock.Kind.smtp, .relay, .lmtp].filter { configuration.transport($0.rawValue) == nil }
    return own.map { ClientTransport(name: $0.rawValue, kind: $0) } + blocks.map { ClientTransport(name: $0.name.text, kind: $0.kind, block: $0) }
  }
}

extension SMTPClientSettings {
  init(_ client: ClientTransport, _ setup: Setup) {
    let configuration = setup.configuration
    let isLMTP = client.isLMTP
    self.init(name: client.name, service: isLMTP ? .lmtp : .smtp, hostname: configuration[Keys.myhostname])
    let keys = client.keys
    ownAddresses = setup.ownAddresses()
    socketFolder = setup.queueFolder
    takeHosts(keys.hosts, setup)
    // As in Debian's master.cf, what is relayed for our own domains goes to their servers alone.
    if client.kind == .relay, client.block?.ownNames.contains(keys.hosts.fallbackRelay.name) != true { fallbackRelays = [] }
    takeTimes(keys.times, configuration)
    takeTalk(keys.talk, setup)
    rules.heloName = configuration[isLMTP ? Keys.lmtpLhloName : Keys.smtpHeloName]
    if !isLMTP {
      rules.hello = configuration[Keys.smtpNeverSendEhlo] ? .plain : configuration[Keys.smtpAlwaysSendEhlo] ? .extended : .whereGreeted
    }
    probesData = configuration[isLMTP ? Keys.lmtpAddressVerifyTarget : Keys.smtpAddressVerifyTarget] == .data
    convertsTo7Bit = !configuration[Keys.disableMimeOutputConversion]
    skips5xxGreeting = configuration[Keys.smtpSkip5xxGreeting]
    cache.isOnDemand = configuration[keys.cache.onDemand]
    cache.destinations = Set(configuration[keys.cache.destinations].map { $0.lowercased() })
    cache.timeLimit = configuration[keys.cache.timeLimit]
    cache.reuseTimeLimit = configuration[keys.cache.reuseTimeLimit]
    cache.reuseCountLimit = configuration[keys.cache.reuseCountLimit]
  }

  private mutating func takeHosts(_ keys: SMTPHostKeys, _ setup: Setup) {
    let configuration = setup.configuration
    port = UInt16(clamping: configuration[keys.tcpPort])
    sources = (IPAddress(configuration[keys.bindAddress]), IPAddress(configuration[keys.bindAddress6]))
    let protocols = configuration[Keys.inetProtocols]
    families = []
    if protocols.contains("all") || protocols.contains("ipv4") { families.insert(.v4) }
    if protocols.contains("all") || protocols.contains("ipv6") { families.insert(.v6) }
    preference =
      switch configuration[keys.addressPreference] {
      case .any: .any
      case .ipv4: .v4
      case .ipv6: .v6
      }
    balances = configuration[keys.balanceInetProtocols]
    randomizes = configuration[keys.randomizeAddresses]
    addressLimit = configuration[keys.mxAddressLimit]
    sessionLimit = configuration[keys.mxSessionLimit]
    defersWithoutAddress = configuration[keys.deferIfNoMxAddressFound]
    let level = configuration[keys.dnsSupportLevel]
    asksForExchangers = level == .automatic ? !configuration[Keys.disableDnsLookups] : level != .disabled
    ignoresExchangerFailure = configuration[Keys.ignoreMxLookupError]
    fallbackRelays = configuration[keys.fallbackRelay]
  }

  private mutating func takeTimes(_ keys: SMTPTimeKeys, _ configuration: Configuration) {
    times.connect = configuration[keys.connect]
    times.helo = configuration[keys.helo]
    times.mail = configuration[keys.mail]
    times.rcpt = configuration[keys.rcpt]
    times.dataInit = configuration[keys.dataInit]
    times.dataXfer = configuration[keys.dataXfer]
    times.dataDone = configuration[keys.dataDone]
    times.rset = configuration[keys.rset]
    times.quit = configuration[keys.quit]
    times.xforward = configuration[keys.xforward]
  }

  private mutating func takeTalk(_ keys: SMTPTalkKeys, _ setup: Setup) {
    let configuration = setup.configuration
    rules.ignored = Self.keywords(configuration[keys.discardKeywords])
    let maps = setup.tables(configuration[keys.discardKeywordAddressMaps])
    if !maps.isEmpty {
      ignored = { address in maps.value(for: address.description).map { Self.keywords($0.split { " ,\t".contains($0) }.map(String.init)) } }
    }
    forwardsClients = configuration[keys.sendXforward]
    rules.usesChunks = configuration[keys.chunking]
    rules.quotes = configuration[keys.quoteEnvelope]
    skipsQuitResponse = configuration[keys.skipQuitResponse]
    lineLimit = configuration[keys.lineLengthLimit].bytes
    generic = setup.tables(configuration[keys.genericMaps])
    genericDelimiters = configuration[Keys.recipientDelimiter]
    replyFilter = setup.tables(configuration[keys.replyFilter])
    statusFilter = setup.tables(configuration[keys.deliveryStatusFilter])
  }

  private static func keywords(_ words: [String]) -> Set<String> { Set(words.map { $0.uppercased() }) }
}
