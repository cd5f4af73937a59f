// SPDX-License-Identifier: Apache-2.0
import PluginHost
import Queue
import Runtime
import SMTP

/// TLS and the login of a connection, before the first message.
extension RelayRun {
  /// How the connection to this host is to be secured.
  func security(for host: RelayHost, _ text: String, _ destination: HopDestination) async -> Result<SessionSecurity, OutgoingSecurity.Refusal> {
    await transport.security.security(for: target(host, text, destination))
  }

  func target(_ host: RelayHost, _ text: String, _ destination: HopDestination) -> SecurityTarget {
    var port: UInt16?
    if case .network(let address) = host.place { port = address.port }
    return SecurityTarget(
      destination: text, domain: destination.name, exchange: host.isProved.map { $0 ? .proved : .unproved } ?? .notAsked, host: host.name, port: port)
  }

  /// Whether the same host may be tried once more, in the clear: Postfix waits with it for minimal_backoff_time.
  func fallsBack(_ trouble: RelaySession.Trouble, _ session: RelaySession) async -> Bool {
    guard trouble == .policy(SessionSecurity.handshakeFailure) else { return false }
    let age = Duration.microseconds(max(0, job.began - job.message.envelope.arrival))
    let hasWaited = age >= transport.security.settings.fallbackDelay
    // Where it cannot be told whether there is a password, none is said in the clear.
    do throws(RelaySession.Trouble) {
      return session.security.fallsBack(hasWaited: hasWaited, hasLogin: try await credentials(session) != nil)
    } catch { return false }
  }

  /// The greetings: in the clear, then within TLS, as far as it is wanted; then the login.
  func open(_ session: RelaySession) async throws(RelaySession.Trouble) {
    if session.security.isWrapped { try await secure(session) }
    _ = try await session.advance(.receive)
    if !session.isSecured { try await startTLS(session) }
    try await logIn(session)
  }

  private func startTLS(_ session: RelaySession) async throws(RelaySession.Trouble) {
    let offersTLS = session.machine.extensions.offers("STARTTLS")
    let security = session.security
    if security.level == .none, offersTLS, transport.security.settings.notesOffers {
      transport.info(nil, "Host offered STARTTLS: [\(session.host.name)]")
    }
    switch security.step(offersTLS: offersTLS, peer: session.host.description) {
    case .proceed:
      if security.level > .none { note(.startTLSNotSupported, session) }
      return
    case .fail(let reason):
      note(.startTLSNotSupported, session)
      throw .policy(reason)
    case .startTLS: break
    }
    switch try await session.advance(session.machine.startTLS(into: &session.output)) {
    case .startTLS:
      try await secure(session)
      _ = try await session.advance(session.machine.secured(into: &session.output))
    case .tlsRefused(let reply):
      note(.startTLSNotSupported, session)
      if let reason = security.refusal(reply, peer: session.host.description) { throw .policy(reason) }
    default: throw .nonsense("no SMTP", .startTLS)
    }
  }

  private func secure(_ session: RelaySession) async throws(RelaySession.Trouble) {
    let host = session.host
    let owner = transport.security
    guard let context = session.security.context else {
      throw .policy(Reason(status: "4.7.5", text: "TLS is required, but our TLS engine is unavailable"))
    }
    // Whatever came before TLS was not said by the server that proves itself in it.
    guard !session.hasUnread else {
      transport.warn("\(host.relay): data between the answer to STARTTLS and TLS")
      throw failedHandshake(session)
    }
    let deadline = session.stream.now + owner.settings.handshakeTimeout
    switch await session.stream.startTLS(context, session.security.expectation, deadline: deadline) {
    case .failure(let error):
      for line in error.lines(peer: host.relay) { transport.info(nil, line) }
      throw failedHandshake(session)
    case .success(let facts):
      session.isSecured = true
      session.hasProof = facts.doubt == nil && session.security.level.needsProof
      if owner.settings.logsSessions { transport.info(nil, facts.summary(peer: host.relay, isReused: false)) }
      note(TLSOutcome(facts, session.security.policy), session)
      guard let objection = session.security.objection(facts) else { return }
      if owner.settings.logsSessions, let doubt = facts.doubt {
        transport.info(nil, "certificate verification failed for \(host.relay): \(doubt.text)")
      }
      throw .policy(objection)
    }
  }

  private func failedHandshake(_ session: RelaySession) -> RelaySession.Trouble {
    note(.validationFailure, session)
    return .policy(SessionSecurity.handshakeFailure)
  }

  private func note(_ outcome: TLSOutcome, _ session: RelaySession) {
    guard let target = session.target else { return }
    transport.security.outcomes?.note(outcome, target, session.security.policy)
  }

  /// Before MAIL: in TLS a server that has already answered it was told of it by somebody else.
  func refuseEarlyReply(_ session: RelaySession) throws(RelaySession.Trouble) {
    guard transport.security.settings.refusesEarlyReplies, session.isSecured, session.hasUnread || session.stream.hasNews else { return }
    throw .policy(Reason(status: "4.7.0", text: "unexpected data from \(session.host) before the MAIL command"))
  }

  // MARK: the login

  private func credentials(_ session: RelaySession) async throws(RelaySession.Trouble) -> SASLCredentials? {
    let logins = transport.logins
    let (sender, host, destination) = (job.message.envelope.sender, session.host.name, session.target?.destination ?? "")
    guard logins.asksSlowly else { return logins.credentials(sender: sender, host: host, destination: destination) }
    let (found, hasFailed) = await Lookups.resolve { logins.credentials(sender: sender, host: host, destination: destination) }
    if hasFailed { throw .policy(Reason(status: "4.3.0", text: "\(logins.settings.title) lookup problem")) }
    return found
  }

  private func logIn(_ session: RelaySession) async throws(RelaySession.Trouble) {
    let logins = transport.logins
    let peer = session.host.description
    guard session.machine.extensions.offers("AUTH"), let credentials = try await credentials(session) else { return }
    let security: OutgoingLogins.Security = !session.isSecured ? .clear : session.hasProof ? .proved : .encrypted
    var client: SASLClient
    switch logins.begin(credentials, host: session.host.name, offered: session.machine.extensions.mechanisms, security, peer: peer) {
    case .success(let chosen): client = chosen
    case .failure(let failure): throw .policy(failure.reason)
    }
    var action = session.machine.authenticate(client.command, into: &session.output)
    do {
      while true {
        action = try await session.advance(action)
        switch action {
        case .challenged(let challenge):
          let answer = try await answer(challenge, &client)
          action = session.machine.respond(answer, into: &session.output)
        case .authenticated(let reply):
          try client.succeeded(reply.words)
          session.isLoggedIn = true
          return
        case .authenticationRefused(let reply):
          throw RelaySession.Trouble.policy(logins.refused(reply, credentials, host: session.host.name, peer: peer).reason)
        default: throw RelaySession.Trouble.nonsense("no SMTP", .auth)
        }
      }
    } catch let fault as SASLClient.Fault {
      throw .policy(logins.broken(fault, peer: peer).reason)
    } catch let trouble as RelaySession.Trouble {
      throw trouble
    } catch {
      throw .nonsense("no SMTP", .auth)
    }
  }

  /// Hashing a password takes longer than a loop may be kept.
  private func answer(_ challenge: String, _ client: inout SASLClient) async throws -> String {
    let start = client
    let done = await transport.pool.run { () -> Result<(SASLClient, String), SASLClient.Fault> in
      var client = start
      do throws(SASLClient.Fault) {
        let answer = try client.answer(challenge)
        return .success((client, answer))
      } catch {
        return .failure(error)
      }
    }
    guard let done else { throw SASLClient.Fault.badChallenge("too much to do at once") }
    let (next, answer) = try done.get()
    client = next
    return answer
  }
}

extension TLSError {
  /// As Postfix has it in its log.
  fileprivate func lines(peer: String) -> [String] {
    switch self {
    case .connectionLost: ["SSL_connect error to \(peer): lost connection"]
    case .system(let error): ["SSL_connect error to \(peer): \(error.reason)"]
    case .library(let text), .unverified(let text): ["SSL_connect error to \(peer): -1", "warning: TLS library problem: \(text)"]
    }
  }
}
