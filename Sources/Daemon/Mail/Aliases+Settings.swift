// SPDX-License-Identifier: Apache-2.0
import Delivery
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
    let expansion = EnvelopeExpansion(virtual: virtualAliases(policy), local: localAliases(policy), copies: copies)
    return expansion.isIdle ? nil : expansion
  }

  /// The same for messages that come in.
  func arrivalExpansion() -> (@Sendable (_ recipients: [Recipient], _ sender: String) -> Expansion)? {
    guard let expansion = expansion() else { return nil }
    return { recipients, sender in Expansion(expansion.expand(recipients, sender: sender, wantsCopies: true)) }
  }
}

extension Expansion {
  init(_ result: EnvelopeExpansion.Result) {
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
