// SPDX-License-Identifier: Apache-2.0
import IDNA
import Queue
import SMTP
import Tables

/// The routing of Postfix's trivial-rewrite(8): the class of a recipient chooses the transport, relayhost the next hop, and transport_maps may overrule both.
package struct MailRouter: Router {
  /// The settings by which mail is routed.
  package struct Rules: Sendable {
    package var myhostname: String
    package var localTransport = "local"
    package var virtualTransport = "virtual"
    package var relayTransport = "relay"
    package var defaultTransport = "smtp"
    package var relayhost = ""
    /// `sender_dependent_relayhost_maps`, and what the empty sender is looked up by.
    package var senderRelays = TableList([])
    package var emptySenderRelayKey = "<>"
    /// `sender_dependent_default_transport_maps`
    package var senderTransports = TableList([])
    package var emptySenderTransportKey = "<>"
    package var transportMaps = TableList([])
    package var transportDomainsMatchSubdomains = false
    package var relocatedMaps = TableList([])
    package var emptyAddressRecipient = "MAILER-DAEMON"
    package var recipientDelimiter = ""
    package var defaultFilterNexthop = ""

    package init(myhostname: String) { self.myhostname = myhostname }
  }

  private let rules: Rules
  private let policy: RelayPolicy
  private let table: RoutingTable
  /// Sends a local recipient elsewhere than to a mailbox: aliases, commands, mailbox_transport. Nil: nobody.
  private let localHop: @Sendable (Recipient) -> Routing?

  package init(_ rules: Rules, policy: RelayPolicy, localHop: @escaping @Sendable (Recipient) -> Routing? = { _ in nil }) {
    self.rules = rules
    self.policy = policy
    self.localHop = localHop
    table = RoutingTable(
      tables: rules.transportMaps, delimiters: rules.recipientDelimiter, domainsMatchSubdomains: rules.transportDomainsMatchSubdomains)
  }

  package func route(_ recipient: Recipient, sender: String) -> Routing {
    if recipient.isExpansionNotice { return .to(NextHop(transport: ExpansionTransport.name, destination: "")) }
    let routing = hop(recipient.address, recipient.route, sender: sender)
    guard case .to(let hop) = routing, hop.transport == "local", recipient.route == .local else { return routing }
    return localHop(recipient) ?? routing
  }

  package func hop(through filter: String, for recipient: Recipient) -> NextHop {
    var hop = NextHop(filter, for: recipient, nexthop: rules.defaultFilterNexthop)
    if hop.destination.isEmpty { hop.destination = rules.myhostname }
    return hop
  }

  /// The same without what makes local recipients special: for who wants to know whether mail would have somewhere to go.
  package func hop(_ address: String, _ route: Recipient.Route, sender: String) -> Routing {
    let address = address.isEmpty ? "\(rules.emptyAddressRecipient)@\(rules.myhostname)" : address
    let domain = Self.domain(of: address)
    if let moved = relocated(address, domain) { return .to(moved) }
    if policy.isAliasDomain(domain) {
      return .to(NextHop(transport: "error", destination: "5.1.1 User unknown in virtual alias table"))
    }
    guard var hop = classHop(route, domain, sender: sender) else { return .deferred(Self.tableError("sender-dependent tables")) }
    if let text = table.value(for: address) {
      if text.utf8.first == UInt8(ascii: ":") {
        let nexthop = TransportText(text).nexthop
        if !nexthop.isEmpty { hop.destination = nexthop }
      } else {
        let found = TransportText(text)
        hop = NextHop(transport: found.transport, destination: found.nexthop.isEmpty ? domain : found.nexthop)
      }
    } else if rules.transportMaps.isFailing {
      return .deferred(Self.tableError("transport_maps"))
    }
    return .to(hop)
  }

  /// Whether a domain is one of relay_domains.
  package func isRelayed(_ domain: String) -> Bool { policy.isRelayDomain(domain) }

  // MARK: the class

  private func classHop(_ route: Recipient.Route, _ domain: String, sender: String) -> NextHop? {
    switch route {
    case .local: return hop(rules.localTransport, or: domain)
    case .virtual: return hop(rules.virtualTransport, or: domain)
    case .remote:
      let isRelayed = policy.isRelayDomain(domain)
      guard let transport = isRelayed ? rules.relayTransport : senderTransport(sender), let next = relay(sender, domain) else { return nil }
      return hop(transport, or: next)
    }
  }

  private func hop(_ text: String, or nexthop: String) -> NextHop {
    let text = TransportText(text)
    return NextHop(transport: text.transport, destination: text.nexthop.isEmpty ? nexthop : text.nexthop)
  }

  /// Nil where the table has no answer for now.
  private func senderTransport(_ sender: String) -> String? {
    lookUp(sender, rules.senderTransports, empty: rules.emptySenderTransportKey, otherwise: rules.defaultTransport)
  }

  private func relay(_ sender: String, _ domain: String) -> String? {
    lookUp(sender, rules.senderRelays, empty: rules.emptySenderRelayKey, otherwise: rules.relayhost.isEmpty ? domain : rules.relayhost)
  }

  private func lookUp(_ sender: String, _ tables: TableList, empty: String, otherwise: String) -> String? {
    guard !tables.isEmpty else { return otherwise }
    let found = sender.isEmpty ? tables.value(for: empty) : address(sender, in: tables)?.value
    if let found, found != "DUNNO" { return found }
    return found == nil && tables.isFailing ? nil : otherwise
  }

  // MARK: relocated_maps

  private func relocated(_ address: String, _ domain: String) -> NextHop? {
    guard !rules.relocatedMaps.isEmpty else { return nil }
    let found = self.address(address, in: rules.relocatedMaps, withNames: policy.isOwnDomain(domain))
    return found.map { NextHop(transport: "error", destination: "5.1.6 User has moved to \($0.value)") }
  }

  private func address(_ address: String, in tables: TableList, withNames: Bool = false) -> AddressMatch? {
    let at = address.utf8.lastIndex(of: 0x40) ?? address.endIndex
    let (local, domain) = (String(address[..<at]), String(address[at...].dropFirst()))
    let keys =
      withNames
      ? AddressKey.mapped(local: local, domain: domain, delimiters: rules.recipientDelimiter)
      : AddressKey.virtualMailbox(local: local, domain: domain, delimiters: rules.recipientDelimiter)
    return tables.match(address: keys)
  }

  private static func domain(of address: String) -> String {
    guard let at = address.utf8.lastIndex(of: 0x40) else { return "" }
    return DomainForm.written(address[address.utf8.index(after: at)...])
  }

  private static func tableError(_ tables: String) -> Reason { Reason(status: "4.3.0", text: "address resolver failure: \(tables) gives no answer") }
}
