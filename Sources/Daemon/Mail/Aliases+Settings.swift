// SPDX-License-Identifier: Apache-2.0
import Delivery
import Message
import PluginHost
import Queue
import Runtime
import SMTP
import Server
import Settings
import Tables

extension Setup {
  /// `alias_maps`, as deliveries see it.
  func localAliases(_ policy: RelayPolicy) -> LocalAliases {
    LocalAliases(
      tables(configuration[Keys.aliasMaps]), delimiters: configuration[Keys.recipientDelimiter],
      propagates: configuration[Keys.propagateUnmatchedExtensions].contains("alias"), expandsOwner: configuration[Keys.expandOwnerAlias],
      policy: policy)
  }

  func virtualAliases(_ policy: RelayPolicy) -> VirtualAliases {
    var limits = VirtualAliases.Limits()
    limits.expansion = configuration[Keys.virtualAliasExpansionLimit]
    limits.recursion = configuration[Keys.virtualAliasRecursionLimit]
    limits.addressLength = configuration[Keys.virtualAliasAddressLengthLimit]
    return VirtualAliases(
      tables(configuration[Keys.virtualAliasMaps]), limits: limits, delimiters: configuration[Keys.recipientDelimiter],
      propagates: configuration[Keys.propagateUnmatchedExtensions].contains("virtual"), policy: policy)
  }

  /// What becomes of recipients before a message goes into the spool; nil where that is nothing.
  func expansion() -> EnvelopeExpansion? {
    guard let policy = relayPolicy() else { return nil }
    var copies = EnvelopeExpansion.Copies()
    copies.always = configuration[Keys.alwaysBcc]
    copies.bySender = tables(configuration[Keys.senderBccMaps])
    copies.byRecipient = tables(configuration[Keys.recipientBccMaps])
    copies.delimiters = configuration[Keys.recipientDelimiter]
    let expansion = EnvelopeExpansion(
      virtual: virtualAliases(policy), local: localAliases(policy), copies: copies, canonical: canonicalAddresses(policy))
    return expansion.isIdle ? nil : expansion
  }

  func canonicalAddresses(_ policy: RelayPolicy) -> CanonicalAddresses {
    let propagates = configuration[Keys.propagateUnmatchedExtensions].contains("canonical")
    func map(_ key: Key<[TableReference]>, _ classes: Key<[String]>) -> CanonicalAddresses.Map {
      let tables = VirtualAliases(
        tables(configuration[key]), delimiters: configuration[Keys.recipientDelimiter], propagates: propagates, policy: policy)
      return CanonicalAddresses.Map(key.name, tables, places(classes))
    }
    return CanonicalAddresses(
      [
        map(Keys.senderCanonicalMaps, Keys.senderCanonicalClasses), map(Keys.recipientCanonicalMaps, Keys.recipientCanonicalClasses),
        map(Keys.canonicalMaps, Keys.canonicalClasses),
      ], Masquerade(configuration[Keys.masqueradeDomains], places(Keys.masqueradeClasses), isException: masqueradeException()))
  }

  private func places(_ classes: Key<[String]>) -> Set<AddressPlace> { Set(configuration[classes].compactMap(AddressPlace.init)) }

  private func masqueradeException() -> @Sendable (String) -> Bool {
    let users = configuration[Keys.masqueradeExceptions]
    let lists = users.tables.map { tables([$0]) }
    return { name in users.contains(name) { lists[$0].value(for: name) != nil } }
  }

  /// Whether any table takes its time to answer.
  var hasSlowTables: Bool { !configuration.tables.externals.isEmpty }
}

/// The same for whoever cannot wait: where tables take their time, threads of its own do.
final class RecipientExpander: Sendable {
  private let expansion: EnvelopeExpansion
  private let canonical: CanonicalAddresses?
  private let pool: BlockingPool?

  /// As many messages are expanded at a time, and wait for it.
  private static let threads = 8
  private static let queue = 4096

  /// Nil where everybody stays who he is.
  init?(_ setup: Setup) {
    guard let expansion = setup.expansion() else { return nil }
    self.expansion = expansion
    canonical = setup.relayPolicy().map(setup.canonicalAddresses).flatMap { $0.isIdle ? nil : $0 }
    pool = setup.hasSlowTables ? BlockingPool(name: "aliases", threads: Self.threads, queue: Self.queue) : nil
  }

  deinit { pool?.stop() }

  func expand(_ recipients: [Recipient], sender: String, wantsCopies: Bool) async -> Expansion {
    guard let pool else { return Expansion(expansion.expand(recipients, sender: sender, wantsCopies: wantsCopies)) }
    let result = await pool.run { [expansion] in expansion.expandSlowly(recipients, sender: sender, wantsCopies: wantsCopies) }
    return Expansion(result ?? .failed("too many aliases to look up at a time"))
  }

  /// What canonical_maps and the like make of senders and addresses in headers; nil where that is nothing.
  var canonicalizes: (@Sendable ([PlacedAddress]) async -> CanonicalAnswer)? {
    guard let canonical else { return nil }
    let pool = pool
    return { addresses in await Self.answer(addresses, canonical, pool) }
  }

  private static func answer(_ addresses: [PlacedAddress], _ canonical: CanonicalAddresses, _ pool: BlockingPool?) async -> CanonicalAnswer {
    guard let pool else { return CanonicalAnswer(addresses.map { canonical.address(for: $0) }) }
    let answer = await pool.run { Lookups.wait { addresses.map { canonical.address(for: $0) } } }
    guard let answer, !answer.hasFailed else { return .failed("canonical map lookup problem") }
    return CanonicalAnswer(answer.result)
  }
}

extension CanonicalAnswer {
  fileprivate init(_ results: [CanonicalAddresses.Result]) {
    var addresses: [String] = []
    for result in results {
      switch result {
      case .address(let address): addresses.append(address)
      case .failed(let cause):
        self = .failed(cause)
        return
      }
    }
    self = .addresses(addresses)
  }
}

extension EnvelopeExpansion {
  /// On a thread that may block.
  func expandSlowly(_ recipients: [Recipient], sender: String, wantsCopies: Bool) -> Result {
    let (result, hasFailed) = Lookups.wait { expand(recipients, sender: sender, wantsCopies: wantsCopies) }
    if hasFailed, case .recipients = result { return .failed("alias lookup problem") }
    return result
  }
}

extension Expansion {
  fileprivate init(_ result: EnvelopeExpansion.Result) {
    switch result {
    case .recipients(let recipients): self = .recipients(recipients)
    case .failed(let cause): self = .failed(cause)
    }
  }
}

extension LocalRules {
  init(_ setup: Setup) {
    let configuration = setup.configuration
    self.init()
    mailboxTransport = configuration[Keys.mailboxTransport]
    mailboxTransportMaps = setup.tables(configuration[Keys.mailboxTransportMaps])
    fallbackTransport = configuration[Keys.fallbackTransport]
    fallbackTransportMaps = setup.tables(configuration[Keys.fallbackTransportMaps])
    commandsFrom = Set(configuration[Keys.allowMailToCommands])
    filesFrom = Set(configuration[Keys.allowMailToFiles])
    defaultPrivs = configuration[Keys.defaultPrivs]
    mailboxCommand = configuration[Keys.mailboxCommand]
    mailboxCommandMaps = setup.tables(configuration[Keys.mailboxCommandMaps])
    recipientDelimiter = configuration[Keys.recipientDelimiter]
    deliveredTo = Set(configuration[Keys.prependDeliveredHeader])
    commands = CommandRules(setup)
    luserRelay = LuserRelay(setup)
    propagates = Set(configuration[Keys.propagateUnmatchedExtensions])
    forward = ForwardRules(setup)
  }
}

extension ForwardRules {
  init(_ setup: Setup) {
    self.init(
      path: setup.configuration[Keys.forwardPath], filter: setup.configuration[Keys.forwardExpansionFilter],
      delimiters: setup.configuration[Keys.recipientDelimiter])
  }
}

extension Setup {
  /// The .forward files of this process's own user.
  func ownForwards(_ log: Log) -> OwnForwards { OwnForwards(ForwardRules(self), disk: LinuxDisk()) { log.info("local", $0) } }
}

extension CommandRules {
  init(_ setup: Setup) {
    let configuration = setup.configuration
    self.init()
    filter = Set(configuration[Keys.commandExpansionFilter].utf8)
    timeLimit = configuration[Keys.commandTimeLimit]
    directory = configuration[Keys.commandExecutionDirectory]
    queueDirectory = setup.queueFolder
    shell = configuration[Keys.localCommandShell]
    environment = configuration[Keys.exportEnvironment].compactMap { word in
      word.contains("=") ? word : Machine.environment(word).map { "\(word)=\($0)" }
    }
  }
}
