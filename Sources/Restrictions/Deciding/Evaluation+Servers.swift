// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import SMTP

/// `check_*_a_access`, `check_*_mx_access`, `check_*_ns_access`: the servers of a name, by name and by address.
extension Evaluation {
  /// More servers than this are not looked at: whoever owns the name chooses how many there are.
  static let maximumServers = 100

  mutating func serverAccess(_ subject: AccessSubject, _ kind: ServerKind, _ table: AccessTable, _ item: RestrictionList.Item) throws(Interruption)
    -> Outcome
  {
    guard let (domain, context) = server(subject) else { return .dunno }
    let outcome = try serverAccess(domain, kind, table, context)
    return try forbidPermit(outcome, item.title.split(separator: " ").first.map(String.init) ?? item.title, domain)
  }

  private func server(_ subject: AccessSubject) -> (domain: String, Context)? {
    switch subject {
    case .client:
      return facts.clientName == "unknown" ? nil : (facts.clientName, Context(name: facts.client.description, replyClass: subject.replyClass))
    case .reverseClient:
      return facts.reverseName == "unknown" ? nil : (facts.reverseName, Context(name: facts.reverseName, replyClass: subject.replyClass))
    case .helo, .etrn: return facts.helo.map { ($0, Context(name: $0, replyClass: subject.replyClass)) }
    case .sender, .recipient:
      guard let mailbox = mailbox(subject == .sender ? .sender : .recipient), let domain = mailbox.domain else { return nil }
      return (domain, Context(name: mailbox.address, replyClass: subject.replyClass))
    }
  }

  private mutating func serverAccess(_ domain: String, _ kind: ServerKind, _ table: AccessTable, _ context: Context) throws(Interruption) -> Outcome {
    if domain.hasPrefix("[") {
      guard kind != .ns, let address = parseAddressLiteral(domain) else { return .dunno }
      return try found(table, addressMatch(table, address), context)
    }
    guard let servers = try servers(of: domain, kind, context) else { return .dunno }
    for server in servers.prefix(Self.maximumServers) {
      // An address record is no server of the name: only what it says counts.
      if kind != .a, let value = domainMatch(table, server) {
        // An entry decides for its server, even one that says DUNNO.
        let outcome = try found(table, value, context)
        if outcome != .dunno || isDunno(value) { return outcome }
      }
      let outcome = try addressAccess(server, kind, domain, table, context)
      if outcome != .dunno { return outcome }
    }
    return .dunno
  }

  private func isDunno(_ value: String) -> Bool { AccessAction(value) == .dunno }

  private mutating func addressAccess(_ server: String, _ kind: ServerKind, _ domain: String, _ table: AccessTable, _ context: Context)
    throws(Interruption) -> Outcome
  {
    var addresses: [IPAddress] = []
    var hasFailed = false
    for query in [NameQuery.a(server), .aaaa(server)] {
      switch try ask(query) {
      case .success(let records): addresses += records.addresses
      case .failure(.notFound): continue
      case .failure: hasFailed = true
      }
    }
    if addresses.isEmpty, hasFailed { warn("Unable to look up \(kind.title) host \(server) for \(context.replyClass) \(context.name)") }
    for address in addresses.prefix(Self.maximumServers) {
      let outcome = try found(table, addressMatch(table, address), context)
      if outcome != .dunno { return outcome }
    }
    return .dunno
  }

  /// Nil, with a warning where it is due, if there are none to be found.
  private mutating func servers(of domain: String, _ kind: ServerKind, _ context: Context) throws(Interruption) -> [String]? {
    switch kind {
    case .a: return [domain]
    case .mx:
      switch try ask(.mx(domain)) {
      case .success(let records): return records.isNullMX ? nil : records.exchangers.map(\.host)
      // RFC 5321 §5.1: without MX records the domain is its own server.
      case .failure(.notFound): return [domain]
      case .failure: return unfound(domain, kind, context)
      }
    case .ns: return try nameServers(of: domain, context)
    }
  }

  /// The zone that a name belongs to may begin further up.
  private mutating func nameServers(of domain: String, _ context: Context) throws(Interruption) -> [String]? {
    var name = Substring(domain)
    while true {
      switch try ask(.ns(String(name))) {
      case .success(let records): return records.compactMap { if case .server(let server) = $0 { server } else { nil } }
      case .failure(.notFound):
        guard let dot = name.firstIndex(of: "."), name[name.index(after: dot)...].contains(".") else { return unfound(domain, .ns, context) }
        name = name[name.index(after: dot)...]
      case .failure: return unfound(domain, .ns, context)
      }
    }
  }

  private mutating func unfound(_ domain: String, _ kind: ServerKind, _ context: Context) -> [String]? {
    warn("Unable to look up \(kind.title) host for \(domain)")
    return nil
  }
}

extension ServerKind {
  fileprivate var title: String { rawValue.uppercased() }
}
