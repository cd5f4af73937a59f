// SPDX-License-Identifier: Apache-2.0
import Bytes
import IDNA

/// Where an address leads, decided by its domain and by who asks.
package enum Destination: Equatable, Sendable {
  /// A domain of `mydestination`, or one of our own addresses as a literal.
  case local
  /// A domain of `virtual_mailbox_domains`.
  case virtual
  /// Somewhere else, for a client that may relay, or a domain of `relay_domains`.
  case remote
}

/// Who may send where: `permit_mynetworks, defer_unauth_destination`, over classes of addresses as Postfix resolves them.
package struct RelayPolicy: Sendable {
  package var mynetworks: NetworkList
  package var mydestination: DomainList
  package var virtualMailboxDomains: DomainList
  package var relayDomains = DomainList()
  /// Domains of `virtual_alias_maps`: what is not in that table is unknown.
  package var virtualAliasDomains = DomainList()
  /// `relay_recipient_maps` is set.
  package var hasRelayRecipients = false
  /// Routing may refuse an address anywhere: transport_maps, relocated_maps.
  package var asksAboutAll = false
  /// Appended to addresses without a domain; as it is written.
  package var myorigin: String
  /// Appended to domains without a dot if `appendDotMydomain`.
  package var mydomain: String
  package var appendDotMydomain = false
  package var allowPercentHack = true
  package var swapBangpath = true
  /// Whether `user@domain` in a local part leads to that domain.
  package var resolveDequotedAddress = true
  /// Our own addresses: `user@[address]` is local mail.
  package var ownAddresses: Set<IPAddress> = []
  /// Whether a list of domains could not tell, in what the calling thread is at. Nil where all lists answer at once, and always.
  package var isFailing: (@Sendable () -> Bool)?

  /// Domains are compared without case, and without dots at the end.
  package init(
    mynetworks: NetworkList, mydestination: some Sequence<String>, virtualMailboxDomains: some Sequence<String>,
    myorigin: String, mydomain: String
  ) {
    self.mynetworks = mynetworks
    self.mydestination = DomainList(mydestination)
    self.virtualMailboxDomains = DomainList(virtualMailboxDomains)
    self.myorigin = DomainForm.written(myorigin)
    self.mydomain = DomainForm.written(mydomain)
  }

  package enum Decision: Equatable, Sendable {
    case permitted(Destination, Mailbox)
    case denied
  }

  /// Where `mailbox` leads for this client, and the address it stands for.
  package func decide(_ mailbox: Mailbox, client: IPAddress?) -> Decision {
    let resolved = resolve(mailbox)
    let isPermitted = client.map(mynetworks.contains) == true || isForAnybody(mailbox, resolved)
    return isPermitted ? .permitted(resolved.destination, resolved.address) : .denied
  }

  /// Whether anybody may write to `mailbox`, which was resolved: `permit_auth_destination`.
  package func isForAnybody(_ mailbox: Mailbox, _ resolved: Resolution) -> Bool {
    // RFC 5321 §4.5.1: everybody may write to postmaster.
    if ForwardPath(mailbox).isBarePostmaster { return true }
    if resolved.destination == .remote, !isRelayDomain(resolved.address), !isAliasDomain(resolved.address) { return false }
    // Postfix's allow_untrusted_routing = no: a local part that routes further must not lead a stranger through us.
    return resolved.destination == .local && resolveDequotedAddress || !hasRoutingOperator(resolved.address.localPart)
  }

  /// How domains are compared: in lower case, in A-labels, without dots at the end.
  package static func canonical(_ domain: some StringProtocol) -> String { DomainForm.canonical(domain) }

  /// Whether the recipient tables are to be asked about an address: those of relay domains too if there are any.
  package func isListed(_ resolved: Resolution) -> Bool {
    resolved.destination != .remote || asksAboutAll || hasRelayRecipients && isRelayDomain(resolved.address) || isAliasDomain(resolved.address)
  }

  /// Whether the addresses of a domain are all aliases.
  package func isAliasDomain(_ domain: String) -> Bool { !virtualAliasDomains.isEmpty && virtualAliasDomains.contains(domain) }

  private func isAliasDomain(_ mailbox: Mailbox) -> Bool { mailbox.domain.map(isAliasDomain) ?? false }

  /// Whether lists of domains take their time to answer.
  package var asksSlowly: Bool { isFailing != nil }

  /// Asks all that can be asked about `mailbox`.
  package func foresee(_ mailbox: Mailbox) {
    let resolved = resolve(mailbox)
    _ = (isForAnybody(mailbox, resolved), isListed(resolved), isRelayDomain(resolved.address))
  }

  /// Whether bare names in tables stand for the users of a domain: mydestination, myorigin, and our own addresses.
  package func isOwnDomain(_ domain: String) -> Bool {
    RelayPolicy.canonical(domain) == RelayPolicy.canonical(myorigin) || resolve(Mailbox(localPart: "x", domain: domain)).destination == .local
  }

  /// Whether mail for a domain is relayed for everybody.
  package func isRelayDomain(_ domain: String) -> Bool { !relayDomains.isEmpty && relayDomains.contains(domain) }

  /// Whether the local part of a resolved address leads on to another domain.
  package func hasRoute(_ resolved: Mailbox) -> Bool { hasRoutingOperator(resolved.localPart) }

  private func isRelayDomain(_ mailbox: Mailbox) -> Bool { mailbox.domain.map(isRelayDomain) ?? false }
}
