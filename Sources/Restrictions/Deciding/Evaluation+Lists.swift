// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import SMTP

/// Lists of clients and domains in the DNS. RFC 5782.
extension Evaluation {
  mutating func blocked(_ subject: ListSubject, _ lists: DNSLists) throws(Interruption) -> Outcome {
    guard let target = target(subject) else { return .dunno }
    var sum = 0
    var hits: [(list: DNSList, query: String)] = []
    for list in lists.lists {
      let query = target.query(list)
      switch try listing(list, query) {
      case .listed:
        sum += list.weight
        hits.append((list, query))
      case .notListed: continue
      case .unknown: warn("\(query): RBL lookup error")
      }
    }
    guard sum >= lists.threshold, let heaviest = hits.max(by: { $0.list.weight < $1.list.weight }) else { return .dunno }
    return try rejectListed(heaviest.list, heaviest.query, target)
  }

  mutating func welcomed(_ subject: ListSubject, _ lists: DNSLists) throws(Interruption) -> Outcome {
    // A welcome list must not let anybody relay.
    if isAuthDestination() == false { return .dunno }
    guard let target = target(subject) else { return .dunno }
    var sum = 0
    for list in lists.lists {
      switch try listing(list, target.query(list)) {
      case .listed: sum += list.weight
      case .notListed: continue
      case .unknown:
        let text = "<\(target.what)>: \(target.replyClass) rejected: Service unavailable"
        doubtReject(Refusal(code: 450, status: EnhancedStatus(4, 7, 1), text: text))
      }
    }
    return permitIf(sum >= lists.threshold)
  }

  // MARK: What is looked up

  private struct Target {
    /// `$rbl_what`
    let what: String
    let replyClass: String
    let query: (DNSList) -> String
  }

  private func target(_ subject: ListSubject) -> Target? {
    switch subject {
    case .address:
      guard let address = facts.clientAddress else { return nil }
      return Target(what: address.description, replyClass: AccessSubject.client.replyClass) { $0.question(for: address) }
    case .name(let subject):
      guard let (what, domain) = name(subject), isListable(domain) else { return nil }
      return Target(what: what, replyClass: subject.replyClass) { "\(domain).\($0.domain)" }
    }
  }

  private func name(_ subject: AccessSubject) -> (what: String, domain: String)? {
    switch subject {
    case .client: return facts.clientName == "unknown" ? nil : (facts.clientName, facts.clientName)
    case .reverseClient: return facts.reverseName == "unknown" ? nil : (facts.reverseName, facts.reverseName)
    case .helo, .etrn: return facts.helo.map { ($0, $0) }
    case .sender, .recipient:
      guard let mailbox = mailbox(subject == .sender ? .sender : .recipient) else { return nil }
      return (mailbox.address, mailbox.domain ?? mailbox.address)
    }
  }

  /// Some lists answer questions about addresses with a listing of everything: a name that ends in a number is not asked about.
  private func isListable(_ domain: String) -> Bool {
    guard isValidHostName(domain), domain.utf8.count < 200 else { return false }
    let last = domain.split(separator: ".").last ?? ""
    return !last.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private enum ListAnswer { case listed, notListed, unknown }

  private mutating func listing(_ list: DNSList, _ query: String) throws(Interruption) -> ListAnswer {
    switch try ask(.a(query)) {
    case .success(let records): return list.isListed(by: records.addresses) ? .listed : .notListed
    case .failure(.notFound): return .notListed
    case .failure: return .unknown
    }
  }

  // MARK: The reply

  /// `default_rbl_reply` and `rbl_reply_maps`: `554 5.7.1 text`.
  private mutating func rejectListed(_ list: DNSList, _ query: String, _ target: Target) throws(Interruption) -> Outcome {
    let template = settings.rblReplyMaps.value(for: list.title) ?? settings.rblReplyMaps.value(for: list.domain) ?? settings.defaultRBLReply
    var macros = macros
    macros["rbl_code"] = String(settings.mapsRBLRejectCode)
    macros["rbl_domain"] = list.domain
    macros["rbl_what"] = target.what
    macros["rbl_class"] = target.replyClass
    macros["rbl_reason"] = template.contains("rbl_reason") || template.contains("rbl_txt") ? try reason(query) : ""
    macros["rbl_txt"] = macros["rbl_reason"]
    let text = ReplyTemplate.expand(template, macros, settings.expansionFilter)
    guard let code = UInt16(text.prefix(3)), (400..<600).contains(code) else {
      throw serverError("rbl response code configuration error: \(text)")
    }
    let (status, rest) = EnhancedStatus.split(text.dropFirst(3))
    let fitting = (status ?? EnhancedStatus(4, 7, 1)).fitting(target.replyClass)
    return reject(code, fitting, rest.isEmpty ? "Service unavailable" : String(rest))
  }

  private mutating func reason(_ query: String) throws(Interruption) -> String {
    guard case .success(let records) = try ask(.txt(query)) else { return "" }
    for case .text(let bytes) in records { return String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7f ? 0x20 : $0 }, as: UTF8.self) }
    return ""
  }

  private var macros: [String: String] {
    var macros = [
      "client": facts.client.description, "client_address": facts.clientAddress.map(\.description) ?? "", "client_name": facts.clientName,
      "reverse_client_name": facts.reverseName, "helo_name": facts.helo ?? "", "server_name": settings.myhostname,
    ]
    add(
      "sender", facts.sender.map { sender in if case .mailbox(let mailbox) = sender { mailbox } else { nil } } ?? nil, facts.sender != nil,
      to: &macros)
    add("recipient", facts.recipient, facts.recipient != nil, to: &macros)
    return macros
  }

  private func add(_ name: String, _ mailbox: Mailbox?, _ isKnown: Bool, to macros: inout [String: String]) {
    guard isKnown else { return }
    macros[name] = mailbox?.address ?? "<>"
    macros["\(name)_name"] = mailbox?.localPart ?? "<>"
    macros["\(name)_domain"] = mailbox?.domain ?? ""
  }
}
