// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import SMTP
import Settings
import Tables

extension Setup {
  /// What is ours, as deliveries see it: the first listener's view, which is that of the top level.
  func relayPolicy() -> RelayPolicy? {
    configuration.listeners.first.map { ServerConfiguration($0, self, ownAddresses: ownAddresses()).relay }
  }

  /// Where mail goes.
  func router(isProbing: Bool = false, localHop: @escaping @Sendable (Recipient) -> Routing? = { _ in nil }) -> MailRouter? {
    relayPolicy().map { MailRouter(isProbing ? probingRules : routingRules, policy: $0, localHop: localHop) }
  }

  private var routingRules: MailRouter.Rules {
    var rules = MailRouter.Rules(myhostname: configuration[Keys.myhostname])
    rules.localTransport = configuration[Keys.localTransport]
    rules.virtualTransport = configuration[Keys.virtualTransport]
    rules.relayTransport = configuration[Keys.relayTransport]
    rules.defaultTransport = configuration[Keys.defaultTransport]
    rules.relayhost = configuration[Keys.relayhost]
    rules.senderRelays = tables(configuration[Keys.senderDependentRelayhostMaps])
    rules.emptySenderRelayKey = configuration[Keys.emptyAddressRelayhostMapsLookupKey]
    rules.senderTransports = tables(configuration[Keys.senderDependentDefaultTransportMaps])
    rules.emptySenderTransportKey = configuration[Keys.emptyAddressDefaultTransportMapsLookupKey]
    rules.transportMaps = tables(configuration[Keys.transportMaps])
    rules.transportDomainsMatchSubdomains = configuration[Keys.parentDomainMatchesSubdomains].contains("transport_maps")
    rules.relocatedMaps = tables(configuration[Keys.relocatedMaps])
    rules.emptyAddressRecipient = configuration[Keys.emptyAddressRecipient]
    rules.defaultFilterNexthop = configuration[Keys.defaultFilterNexthop]
    rules.recipientDelimiter = configuration[Keys.recipientDelimiter]
    return rules
  }

  /// The same for the question whether an address takes mail.
  private var probingRules: MailRouter.Rules {
    var rules = routingRules
    rules.localTransport = configuration[Keys.addressVerifyLocalTransport]
    rules.virtualTransport = configuration[Keys.addressVerifyVirtualTransport]
    rules.relayTransport = configuration[Keys.addressVerifyRelayTransport]
    rules.defaultTransport = configuration[Keys.addressVerifyDefaultTransport]
    rules.relayhost = configuration[Keys.addressVerifyRelayhost]
    rules.senderRelays = tables(configuration[Keys.addressVerifySenderDependentRelayhostMaps])
    rules.senderTransports = tables(configuration[Keys.addressVerifySenderDependentDefaultTransportMaps])
    rules.transportMaps = tables(configuration[Keys.addressVerifyTransportMaps])
    return rules
  }
}
