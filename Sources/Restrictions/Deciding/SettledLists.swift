// SPDX-License-Identifier: Apache-2.0
import SMTP

/// For how long the outcome of a restriction stays the same, if nothing had to be asked for it.
enum Scope: UInt8, Comparable, Sendable {
  /// As long as the client is the same, and its TLS.
  case session
  /// Until the next HELO.
  case hello
  /// Until the sender is another.
  case sender
  /// For one decision.
  case once

  static func < (left: Scope, right: Scope) -> Bool { left.rawValue < right.rawValue }
}

extension Restriction {
  /// What actions in tables, doubts and lines for the log do to it is added while it is decided.
  var scope: Scope {
    switch self {
    case .permit, .reject, .defer, .deferIfPermit, .deferIfReject, .warnIfReject, .named: .session
    case .permitMynetworks, .permitInetInterfaces, .permitTLSClientcerts, .permitTLSAllClientcerts: .session
    case .rejectPlaintextSession, .certificateAccess: .session
    case .rejectUnknownClientHostname, .rejectUnknownReverseClientHostname, .access(.client, _), .access(.reverseClient, _): .session
    case .rejectInvalidHelo, .rejectNonFQDNHelo, .access(.helo, _): .hello
    case .rejectNonFQDN(.sender), .access(.sender, _): .sender
    default: .once
    }
  }
}

/// Lists about client, HELO and sender that let pass and left nothing behind: for the next recipient they need not be run again.
///
/// Postfix runs them again; its tables may have changed in between, ours do not.
struct SettledLists: Equatable, Sendable {
  private var client: Client?
  private var tls: TLSFacts?
  private var helo: String?
  private var sender: ReversePath?
  private var scopes = Scopes()

  private struct Scopes: Equatable {
    var client = Scope.once
    var helo = Scope.once
    var sender = Scope.once
  }

  static func == (left: SettledLists, right: SettledLists) -> Bool {
    left.client === right.client && left.tls === right.tls && left.helo == right.helo && left.sender == right.sender && left.scopes == right.scopes
  }

  func contains(_ point: RestrictionPoint) -> Bool {
    switch point {
    case .client: scopes.client < .once
    case .helo: scopes.helo < .once
    case .sender: scopes.sender < .once
    default: false
    }
  }

  mutating func add(_ point: RestrictionPoint, _ scope: Scope) {
    switch point {
    case .client: scopes.client = scope
    case .helo: scopes.helo = scope
    case .sender: scopes.sender = scope
    default: break
    }
  }

  /// Forgets what depended on what has changed.
  mutating func renew(_ facts: Facts) {
    if facts.client !== client || facts.tls !== tls {
      (client, tls, helo, sender, scopes) = (facts.client, facts.tls, facts.helo, facts.sender, Scopes())
    } else if facts.helo != helo {
      (helo, sender) = (facts.helo, facts.sender)
      forget(from: .hello)
    } else if facts.sender != sender {
      sender = facts.sender
      forget(from: .sender)
    }
  }

  private mutating func forget(from scope: Scope) {
    if scopes.client >= scope { scopes.client = .once }
    if scopes.helo >= scope { scopes.helo = .once }
    if scopes.sender >= scope { scopes.sender = .once }
  }
}
