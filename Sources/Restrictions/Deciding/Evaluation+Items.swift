// SPDX-License-Identifier: Apache-2.0
import SMTP

/// From a restriction to what it does.
extension Evaluation {
  mutating func check(_ item: RestrictionList.Item, _ context: Context) throws(Interruption) -> Outcome {
    switch item.restriction {
    case .permit: return .permit
    case .reject: return reject(settings.rejectCode, EnhancedStatus(5, 7, 1), context, "Access denied")
    case .defer: return reject(settings.deferCode, EnhancedStatus(4, 3, 2), context, "Try again later")
    case .deferIfPermit: doubt(doubtful(context, "defer_if_permit requested"))
    case .deferIfReject: doubtReject(doubtful(context, "defer_if_reject requested"))
    case .warnIfReject: break
    case .policy(let call): return try ask(call, item, context)
    case .sleep(let seconds): try pause(seconds)
    case .named(let name):
      guard let list = judge.classes[name] else { throw serverError("restriction class `\(name)' needs a definition") }
      return try check(list, context)
    case .access(let subject, let table): return try access(subject, table, context)
    case .bareAccess(let table): return try bareAccess(table, item, context)
    case .certificateAccess(let table, let order): return try certificateAccess(table, order)
    case .serverAccess(let subject, let kind, let table): return try serverAccess(subject, kind, table, item)
    case .blocked(let subject, let lists): return try blocked(subject, lists)
    case .welcomed(let subject, let lists): return try welcomed(subject, lists)
    default: return try checkFacts(item.restriction, context)
    }
    return .dunno
  }

  /// What needs no table and no list.
  private mutating func checkFacts(_ restriction: Restriction, _ context: Context) throws(Interruption) -> Outcome {
    switch restriction {
    case .permitMynetworks: return permitIf(facts.clientAddress.map(settings.relay.mynetworks.contains) ?? false)
    case .permitInetInterfaces: return permitIf(facts.clientAddress.map(settings.relay.ownAddresses.contains) ?? false)
    case .permitSASLAuthenticated: return .dunno
    case .permitTLSClientcerts: return permitCertificate(all: false)
    case .permitTLSAllClientcerts: return permitCertificate(all: true)
    case .rejectUnauthPipelining: return facts.hasImproperPipelining ? rejectPipelining(context) : .dunno
    case .rejectPlaintextSession: return facts.tls == nil ? rejectPlaintext() : .dunno
    case .rejectMultiRecipientBounce: return rejectMultiRecipientBounce(context)
    case .rejectUnknownClientHostname: return rejectUnknownClient(facts.client.names.status, EnhancedStatus(4, 7, 25), "hostname")
    case .rejectUnknownReverseClientHostname:
      return rejectUnknownClient(facts.client.names.reverseStatus, EnhancedStatus(4, 7, 1), "reverse hostname")
    case .rejectInvalidHelo: return rejectInvalidHelo()
    case .rejectNonFQDNHelo: return rejectNonFQDNHelo()
    case .rejectUnknownHelo: return try rejectUnknownHelo()
    case .rejectNonFQDN(let party): return rejectNonFQDN(party)
    case .rejectUnknownDomain(let party): return try rejectUnknownDomain(party)
    case .rejectUnlisted(let party): return try rejectUnlisted(party)
    case .rejectUnverified(let party): return try rejectUnverified(party)
    case .permitAuthDestination: return permitIf(isAuthDestination() ?? false)
    case .permitMXBackup: return try permitMXBackup()
    case .rejectUnauthDestination: return rejectRelay(settings.relayDomainsRejectCode, EnhancedStatus(5, 7, 1))
    case .deferUnauthDestination: return rejectRelay(400 + settings.relayDomainsRejectCode % 100, EnhancedStatus(4, 7, 1))
    default: return .dunno
    }
  }

  func permitIf(_ condition: Bool) -> Outcome { condition ? .permit : .dunno }

  private func doubtful(_ context: Context, _ why: String) -> Refusal {
    Refusal(code: 450, status: EnhancedStatus(4, 7, 0), text: "<\(context.name)>: \(context.replyClass) rejected: \(why)")
  }

  /// RFC 2920 §3.1.
  private mutating func rejectPipelining(_ context: Context) -> Outcome {
    reject(503, EnhancedStatus(5, 5, 0), context, "Improper use of SMTP command pipelining")
  }

  private mutating func rejectPlaintext() -> Outcome {
    reject(settings.plaintextRejectCode, EnhancedStatus(4, 7, 1), "Session encryption is required")
  }

  private mutating func rejectMultiRecipientBounce(_ context: Context) -> Outcome {
    guard facts.sender == .null, facts.recipientCount > 1 else { return .dunno }
    return reject(settings.multiRecipientBounceRejectCode, EnhancedStatus(5, 5, 3), context, "Multi-recipient bounce")
  }

  private mutating func rejectUnknownClient(_ status: Client.NameStatus, _ enhanced: EnhancedStatus, _ what: String) -> Outcome {
    guard status != .known else { return .dunno }
    let code = status == .temporaryFailure ? 450 : settings.unknownClientRejectCode
    let address = facts.clientAddress.map(\.description) ?? "unknown"
    return reject(code, enhanced, "Client host rejected: cannot find your \(what), [\(address)]")
  }

  private mutating func pause(_ seconds: Int) throws(Interruption) {
    pauses += 1
    let question = Question.pause(seconds: seconds, number: pauses)
    if answers[question] == nil { throw .needs(question) }
  }
}
