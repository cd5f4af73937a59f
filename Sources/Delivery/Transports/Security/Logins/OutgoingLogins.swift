// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import SMTP
import Tables

/// What smtp_sasl_… or lmtp_sasl_… say.
package struct LoginSettings: Sendable {
  package var isEnabled = false
  package var title = "smtp_sasl_password_maps"
  package var passwords = TableList([])
  package var dependsOnSender = false
  package var demands: SASLMechanism.Demands = [.noPlaintext, .noAnonymous]
  package var demandsWithTLS: SASLMechanism.Demands = [.noPlaintext, .noAnonymous]
  package var demandsWithProof: SASLMechanism.Demands = [.noPlaintext, .noAnonymous]
  /// smtp_sasl_mechanism_filter, asked with a name in lower case.
  package var allows: @Sendable (String) -> Bool = { _ in true }
  package var isSoft = true
  /// How long a refusal is remembered; nil for not at all.
  package var refusalLifetime: Duration?
  package var addressDelimiters = ""
  /// Whether MAIL says AUTH=<> after a login: RFC 4954 §5.
  package var saysNobody = false

  package init() {}
}

/// Logins at other servers: who we are for which server, by which mechanism, and what a refusal means. The texts are Postfix's.
package final class OutgoingLogins: Sendable {
  package let settings: LoginSettings
  private let refusals = Monitor(ExpiringCache<String, ServerReply>(capacity: 1000))

  package init(_ settings: LoginSettings) { self.settings = settings }

  /// Whether connections depend on the sender, so that they are not for another's mail.
  package var dependsOnSender: Bool { settings.isEnabled && settings.dependsOnSender }

  /// Whether the passwords are in tables that take their time.
  package var asksSlowly: Bool { settings.isEnabled && !settings.passwords.externals.isEmpty }

  /// The login for a server, by the sender if that counts, by the host's name, by the next hop as it is written. Nil without one: then there is none.
  package func credentials(sender: String, host: String, destination: String) -> SASLCredentials? {
    guard settings.isEnabled else { return nil }
    if settings.dependsOnSender, !sender.isEmpty, let value = bySender(sender) { return SASLCredentials(value) }
    for key in [host, destination] {
      if let value = settings.passwords.value(for: key.lowercased()) { return SASLCredentials(value) }
    }
    return nil
  }

  private func bySender(_ sender: String) -> String? {
    let sender = sender.lowercased()
    guard let at = sender.lastIndex(of: "@") else { return settings.passwords.value(for: sender) }
    let (local, domain) = (sender[..<at], sender[at...])
    var keys = [sender]
    if let end = local.dropFirst().firstIndex(where: { settings.addressDelimiters.contains($0) }) { keys.append("\(local[..<end])\(domain)") }
    keys.append(String(domain))
    return keys.lazy.compactMap { self.settings.passwords.value(for: $0) }.first
  }

  package enum Security: Sendable {
    case clear, encrypted
    /// Encrypted, and the server has proved who it is.
    case proved
  }

  /// How to begin. `peer` is `host[address]`.
  package func begin(
    _ credentials: SASLCredentials, host: String, offered: [String], _ security: Security, peer: String
  ) -> Result<SASLClient, LoginFailure> {
    if let reply = remembered(credentials, host) {
      return .failure(refused(reply, "SASL [CACHED] authentication failed; server \(peer) said: \(reply.summary)"))
    }
    let demands =
      switch security {
      case .clear: settings.demands
      case .encrypted: settings.demandsWithTLS
      case .proved: settings.demandsWithProof
      }
    guard let mechanism = SASLMechanism.choose(offered: offered, demands: demands, isAllowed: settings.allows) else {
      return .failure(
        LoginFailure(
          "4.7.0",
          "SASL authentication failed: server \(peer) offered no compatible authentication mechanisms for this type of connection security level"))
    }
    let nonce = Digests.random(18).map { String($0, radix: 36) }.joined()
    return .success(SASLClient(mechanism, credentials, hashes: .openSSL, nonce: nonce))
  }

  /// The server has refused it.
  package func refused(_ reply: ServerReply, _ credentials: SASLCredentials, host: String, peer: String) -> LoginFailure {
    if reply.code >= 500, let lifetime = settings.refusalLifetime {
      let expiry = Instant.now() + lifetime
      refusals.withLock { $0.set(reply, for: key(credentials, host), until: expiry) }
    }
    return refused(reply, "SASL authentication failed; server \(peer) said: \(reply.summary)")
  }

  /// The exchange makes no sense.
  package func broken(_ fault: SASLClient.Fault, peer: String) -> LoginFailure {
    let words =
      switch fault {
      case .badChallenge(let reason): "bad protocol / cancel (\(reason))"
      case .forgedServer: "the server does not know the password"
      }
    return LoginFailure("4.7.0", "SASL authentication failed; cannot authenticate to server \(peer): \(words)")
  }

  private func refused(_ reply: ServerReply, _ text: String) -> LoginFailure {
    let status = reply.statusText
    let isSoft = settings.isSoft && status.first == "5"
    return LoginFailure(isSoft ? "4" + status.dropFirst() : status, text, reply)
  }

  private func key(_ credentials: SASLCredentials, _ host: String) -> String {
    let secret = Digests.hash("sha256", Array("\(credentials.user)\0\(credentials.password)".utf8))
    return "\(host.lowercased()) \(secret)"
  }

  private func remembered(_ credentials: SASLCredentials, _ host: String) -> ServerReply? {
    guard settings.refusalLifetime != nil else { return nil }
    let (key, now) = (key(credentials, host), Instant.now())
    return refusals.withLock { $0.value(for: key, now: now) }
  }
}

/// Why there was no login; the connection is of no use then.
package struct LoginFailure: Error, Equatable, Sendable {
  package var reason: Reason
  package var reply: ServerReply?

  init(_ status: String, _ text: String, _ reply: ServerReply? = nil) {
    reason = Reason(status: status, text: text)
    self.reply = reply
  }
}

extension SASLHashes {
  package static let openSSL = SASLHashes(
    hash: { Digests.hash($0, $1) }, hmac: { Digests.hmac($0, key: $1, $2) },
    derive: { Digests.derive($0, password: $1, salt: $2, iterations: $3) })
}
