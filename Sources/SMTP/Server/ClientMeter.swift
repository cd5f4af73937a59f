// SPDX-License-Identifier: Apache-2.0

/// Something a client does that is counted over time: what Postfix's anvil counts within a session.
package enum MeteredEvent: Int, CaseIterable, Sendable { case message, recipient, handshake, authentication }

/// Counts what clients do, over all their sessions. Asked on a loop; answers at once.
package protocol ClientMeter: Sendable {
  /// Counts the event. The number of such events in the time that is looked at, if it is over the limit.
  func count(_ event: MeteredEvent, by client: Client) -> Int?
  /// The same without counting one.
  func excess(of event: MeteredEvent, by client: Client) -> Int?
}

/// smtpd_client_message_rate_limit and its brothers.
extension ServerMachine {
  /// Who may speak for others is not counted, as in Postfix: those it speaks for are.
  private var meter: (any ClientMeter)? { privileges.contains(.xclient) ? nil : context.meter }

  /// Counts the event; the refusal if there have been too many.
  mutating func rateRefusal(_ event: MeteredEvent) -> Reply? {
    guard let meter, let rate = meter.count(event, by: client) else { return nil }
    let what =
      switch event {
      case .message: "Message delivery request"
      case .recipient: "Recipient address"
      case .handshake: "New TLS session"
      case .authentication: "AUTH command"
      }
    notice = .warning("\(what) rate limit exceeded: \(rate) from \(client.description) for service \(configuration.edge.serviceName)")
    switch event {
    case .message: return Replies.tooMuchMail(client.addressText)
    case .recipient: return Replies.tooManyRecipients(from: client.addressText)
    case .handshake: return Replies.tooManyHandshakes(configuration.myhostname, client.description)
    case .authentication: return Replies.tooManyAuthentications(client.addressText)
    }
  }

  /// The same, for a command that has its `FROM:` or `TO:` and an address: what is no such command is not counted.
  mutating func rateRefusal(_ event: MeteredEvent, after keyword: StaticString, in arguments: Arguments) -> Reply? {
    if context.meter == nil { return nil }
    var arguments = arguments
    return arguments.take(keyword: keyword) && !arguments.isAtEnd ? rateRefusal(event) : nil
  }

  /// Why no handshake is begun now.
  mutating func handshakeRefusal() -> Reply? {
    guard let meter, meter.excess(of: .handshake, by: client) != nil else { return nil }
    notice = .warning("Refusing STARTTLS request from \(client.description) for service \(configuration.edge.serviceName)")
    return Replies.noHandshakeNow(client.description)
  }

  /// Whether a connection that begins in TLS may; where not, it is closed without a word.
  package mutating func mayBeginInTLS() -> Bool {
    guard let meter, meter.excess(of: .handshake, by: client) != nil else { return true }
    notice = .warning("Refusing TLS service request from \(client.description) for service \(configuration.edge.serviceName)")
    return false
  }

  /// A handshake that was no resumption has been made, or has failed. The end of the session, if that was one too many.
  package mutating func handshakeMade() -> Action? { rateRefusal(.handshake).map { close([$0]) } }
}

extension Replies {
  static func tooMuchMail(_ address: String) -> Reply { Reply(450, EnhancedStatus(4, 7, 1), "Error: too much mail from \(address)") }
  static func tooManyRecipients(from address: String) -> Reply { Reply(450, EnhancedStatus(4, 7, 1), "Error: too many recipients from \(address)") }
  static func tooManyAuthentications(_ address: String) -> Reply {
    Reply(450, EnhancedStatus(4, 7, 1), "Error: too many AUTH commands from \(address)")
  }
  static func tooManyHandshakes(_ host: String, _ client: String) -> Reply {
    Reply(421, EnhancedStatus(4, 7, 0), "\(host) Error: too many new TLS sessions from \(client)")
  }
  /// RFC 3207 §4: 454 for the time being.
  static func noHandshakeNow(_ client: String) -> Reply { Reply(454, EnhancedStatus(4, 7, 0), "Error: too many new TLS sessions from \(client)") }
}
