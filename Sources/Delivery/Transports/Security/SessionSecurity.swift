// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import SMTP

/// How one connection is to be secured, and what becomes of it when it is not. The texts are Postfix's.
package struct SessionSecurity: Sendable {
  package var level: SecurityLevel
  /// TLS begins with the connection.
  package var isWrapped = false
  /// Nil without TLS.
  package var context: TLSClientContext?
  package var expectation = TLSExpectation()
  /// Whether the connection may be kept for further messages once TLS is on.
  package var reusesConnections = false
  /// What was known of the domain's wishes, for the tally of outcomes.
  package var policy = OutcomePolicy.none
  /// Whether it is the domain that wants this, and not our administrator.
  package var isWished = false
  /// Connections under the same words are secured alike.
  package var identity = ""

  package init(level: SecurityLevel) { self.level = level }

  package enum Step: Equatable, Sendable {
    case startTLS
    /// Go on as it is.
    case proceed
    case fail(Reason)
  }

  /// After the answer to EHLO. `peer` is `host[address]`.
  package func step(offersTLS: Bool, peer: String) -> Step {
    if level == .none { return .proceed }
    if offersTLS, context != nil { return .startTLS }
    guard level.isRequired else { return .proceed }
    if offersTLS { return .fail(Reason(status: "4.7.5", text: "TLS is required, but our TLS engine is unavailable")) }
    return .fail(Reason(status: "4.7.4", text: "TLS is required, but was not offered by host \(peer)"))
  }

  /// After an answer to STARTTLS that is no 220; nil to go on in the clear.
  package func refusal(_ reply: ServerReply, peer: String) -> Reason? {
    guard level.isRequired else { return nil }
    return Reason(status: reply.statusText, text: "TLS is required, but host \(peer) refused to start TLS: \(reply.summary)")
  }

  /// After a handshake that came to nothing.
  package static let handshakeFailure = Reason(status: "4.7.5", text: "Cannot start TLS: handshake failure")

  /// Whether the same server may be tried in the clear after that: only what has waited for a while, and has no password to tell.
  package func fallsBack(hasWaited: Bool, hasLogin: Bool) -> Bool { level == .may && hasWaited && !hasLogin && !isWrapped }

  /// After a handshake that succeeded; nil to go on.
  package func objection(_ facts: Runtime.TLSFacts) -> Reason? {
    guard level.needsProof, let doubt = facts.doubt else { return nil }
    return Reason(status: "4.7.5", text: doubt == .wrongName ? "Server certificate not verified" : "Server certificate not trusted")
  }
}
