// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Tables

/// Tables of access(5).
extension Evaluation {
  mutating func access(_ subject: AccessSubject, _ table: AccessTable, _ outer: Context) throws(Interruption) -> Outcome {
    switch subject {
    case .client: return try access(table, name: facts.clientName, Context(facts.client, replyClass: subject.replyClass))
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
      return try found(table, mailMatch(table, .recipient), Context(recipient, replyClass: subject.replyClass))
    }
  }

  /// As Postfix, a list without a subject of its own cannot use a class with a bare table.
  mutating func bareAccess(_ table: AccessTable, _ item: RestrictionList.Item, _ context: Context) throws(Interruption) -> Outcome {
    guard let subject = point.subject else {
      throw serverError("\(point.setting): a word such as check_client_access is needed before `\(item.title)`")
    }
    return try access(subject, table, context)
  }

  private mutating func senderAccess(_ table: AccessTable) throws(Interruption) -> Outcome {
    let replyClass = AccessSubject.sender.replyClass
    switch facts.sender {
    case nil: return .dunno
    case .null?: return try found(table, table.table.value(for: settings.nullAccessLookupKey), Context(name: "", replyClass: replyClass))
    case .mailbox(let mailbox)?: return try found(table, mailMatch(table, .sender), Context(mailbox, replyClass: replyClass))
    }
  }

  /// access(5), host name and address patterns: the name and its parents, then the address and its networks.
  private mutating func access(_ table: AccessTable, name: String, _ context: Context) throws(Interruption) -> Outcome {
    if let value = domainMatch(table, name) { return try found(table, value, context) }
    guard let address = facts.clientAddress else { return .dunno }
    return try found(table, addressMatch(table, address), context)
  }

  mutating func found(_ table: AccessTable, _ value: String?, _ context: Context) throws(Interruption) -> Outcome {
    if table.isExternal { scope = .once }
    if value == nil || table.isExternal, table.table.isFailing {
      warn("\(table.name): table lookup problem")
      throw lookupFailed(context.name)
    }
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
    var name = name
    return name.withUTF8 { AccessKeys(table.table, settings.parentDomainMatchesSubdomains).value(forName: $0) }
  }

  func addressMatch(_ table: AccessTable, _ address: IPAddress) -> String? {
    AccessKeys(table.table, settings.parentDomainMatchesSubdomains).value(for: address)
  }

  mutating func mailMatch(_ table: AccessTable, _ party: Party) -> String? {
    guard var keys = keys(party) else { return nil }
    return keys.value(in: AccessKeys(table.table, settings.parentDomainMatchesSubdomains))
  }
}
