// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Tables

/// Tables of access(5).
extension Evaluation {
  mutating func access(_ subject: AccessSubject, _ table: AccessTable, _ outer: Context) throws(Interruption) -> Outcome {
    switch subject {
    case .client: return try access(table, name: facts.clientName, Context(name: facts.client.description, replyClass: subject.replyClass))
    case .reverseClient:
      let outcome = try access(table, name: facts.reverseName, Context(name: facts.reverseName, replyClass: subject.replyClass))
      return try forbidPermit(outcome, "check_reverse_client_hostname_access", facts.reverseName)
    case .helo:
      guard let helo = facts.helo else { return .dunno }
      return try found(table, domainMatch(table, helo), Context(name: helo, replyClass: subject.replyClass))
    case .etrn:
      guard let domain = facts.etrnDomain else { return .dunno }
      return try found(table, domainMatch(table, domain), Context(name: domain, replyClass: subject.replyClass))
    case .sender: return try senderAccess(table)
    case .recipient:
      guard let recipient = facts.recipient else { return .dunno }
      return try found(table, mailMatch(table, recipient), Context(name: recipient.address, replyClass: subject.replyClass))
    }
  }

  private mutating func senderAccess(_ table: AccessTable) throws(Interruption) -> Outcome {
    let replyClass = AccessSubject.sender.replyClass
    switch facts.sender {
    case nil: return .dunno
    case .null?: return try found(table, table.table.value(for: settings.nullAccessLookupKey), Context(name: "", replyClass: replyClass))
    case .mailbox(let mailbox)?: return try found(table, mailMatch(table, mailbox), Context(name: mailbox.address, replyClass: replyClass))
    }
  }

  /// access(5), host name and address patterns: the name and its parents, then the address and its networks.
  private mutating func access(_ table: AccessTable, name: String, _ context: Context) throws(Interruption) -> Outcome {
    if let value = domainMatch(table, name) { return try found(table, value, context) }
    guard let address = facts.clientAddress else { return .dunno }
    return try found(table, addressMatch(table, address), context)
  }

  mutating func found(_ table: AccessTable, _ value: String?, _ context: Context) throws(Interruption) -> Outcome {
    guard let value else { return .dunno }
    return try perform(AccessAction(value), from: "access table \(table.name)", context)
  }

  /// For tables about what a client says of itself, or a stranger says in the DNS: `OK` there would be anybody's to have.
  mutating func forbidPermit(_ outcome: Outcome, _ restriction: String, _ name: String) throws(Interruption) -> Outcome {
    guard outcome == .permit else { return outcome }
    throw serverError(
      "restriction \(restriction) returns OK for \(name): this is not allowed for security reasons; use DUNNO instead of OK if you want to make an exception"
    )
  }

  // MARK: Keys

  func domainMatch(_ table: AccessTable, _ name: String) -> String? {
    if let value = table.table.value(for: name) { return value }
    // Parents of an address in numbers are no domains.
    if table.table.isPattern || IPAddress(name) != nil { return nil }
    return parentMatch(table, name)
  }

  /// `b.c`, `c` for `a.b.c`; `.b.c`, `.c` where parents do not match their subdomains.
  private func parentMatch(_ table: AccessTable, _ name: String) -> String? {
    var rest = Substring(name)
    while let dot = rest.utf8.dropFirst().firstIndex(of: UInt8(ascii: ".")) {
      let parent = settings.parentDomainMatchesSubdomains ? rest[rest.utf8.index(after: dot)...] : rest[dot...]
      if parent.isEmpty { return nil }
      if let value = table.table.value(for: String(parent)) { return value }
      rest = parent
    }
    return nil
  }

  /// `192.0.2.1`, `192.0.2`, `192.0`, `192`; `2001:db8::1`, `2001:db8:`, `2001:db8`, `2001`.
  func addressMatch(_ table: AccessTable, _ address: IPAddress) -> String? {
    let text = address.description
    if let value = table.table.value(for: text) { return value }
    if table.table.isPattern { return nil }
    let separator = address.family == .v4 ? UInt8(ascii: ".") : UInt8(ascii: ":")
    var rest = Substring(text)
    while let end = rest.utf8.lastIndex(of: separator) {
      rest = rest[..<end]
      if rest.isEmpty { return nil }
      if let value = table.table.value(for: String(rest)) { return value }
    }
    return nil
  }

  /// access(5), email address patterns: `user+ext@dom`, `user@dom`, `dom` and its parents, `user+ext@`, `user@`.
  func mailMatch(_ table: AccessTable, _ given: Mailbox) -> String? {
    let mailbox = settings.relay.resolve(given).address
    let (local, domain) = (mailbox.localPart.lowercased(), mailbox.domain ?? "")
    let base = AddressKey.split(local, delimiters: settings.recipientDelimiter)?.base
    if let value = table.table.value(for: "\(local)@\(domain)") { return value }
    if let base, let value = table.table.value(for: "\(base)@\(domain)") { return value }
    if table.table.isPattern { return nil }
    if let value = table.table.value(for: domain) ?? (IPAddress(domain) == nil ? parentMatch(table, domain) : nil) { return value }
    return table.table.value(for: "\(local)@") ?? base.flatMap { table.table.value(for: "\($0)@") }
  }
}
