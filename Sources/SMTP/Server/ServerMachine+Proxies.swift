// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What a client that speaks for another may do.
struct Privileges: OptionSet, Sendable {
  let rawValue: UInt8
  /// `smtpd_authorized_xclient_hosts`.
  static let xclient = Privileges(rawValue: 1)
  /// `smtpd_authorized_xforward_hosts`.
  static let xforward = Privileges(rawValue: 2)
}

/// XCLIENT and XFORWARD, for the clients that may speak for others.
extension ServerMachine {
  /// The rights of the client that connected.
  mutating func takePrivileges() {
    privileges = configuration.edge.authorizedXforwardHosts.contains(client) ? [.xforward] : []
    takeXclientPrivilege()
    takeDiscarded()
  }

  /// The right to XCLIENT goes with the client it names: so limits and restrictions can be tried out as they are for that one.
  private mutating func takeXclientPrivilege() {
    if configuration.edge.authorizedXclientHosts.contains(client) { privileges.insert(.xclient) } else { privileges.remove(.xclient) }
  }

  mutating func xclient(_ arguments: Arguments) -> Action {
    if let refusal = refusal(of: .xclient, arguments) { return .reply(refusal) }
    let override: ClientOverride
    do {
      override = try ClientOverride.parse(arguments)
    } catch { return .reply(error.reply) }
    client = client.with(override)
    takeXclientPrivilege()
    takeDiscarded()
    dropTransaction()
    isDenied = false
    heloName = override.helo ?? ""
    isExtended = override.isExtended ?? false
    // As Postfix counts it: a session that starts over is no command that succeeded.
    counts.count(.xclient, succeeded: false)
    isCounted = true
    return .restart
  }

  mutating func xforward(_ arguments: Arguments) -> Action {
    if let refusal = refusal(of: .xforward, arguments) { return .reply(refusal) }
    var client = forwarded?.client ?? ForwardedClient()
    do {
      try client.add(arguments)
    } catch { return .reply(error.reply) }
    forwarded = Forwarded(client)
    return .reply(Replies.ok)
  }

  /// Whether the client may use XCLIENT. Such clients are not counted and not limited, as in Postfix.
  package var speaksForOthers: Bool { privileges.contains(.xclient) }

  /// The client that XCLIENT named has too many connections.
  package mutating func turnedAway() -> Action { close([Replies.tooManyConnections(configuration.myhostname, client.addressText)]) }

  /// What XFORWARD has told about the message under way.
  package var forwardedClient: ForwardedClient? { forwarded?.client }

  private func refusal(of verb: Verb, _ arguments: Arguments) -> Reply? {
    var arguments = arguments
    if transaction != nil { return Replies.transactionInProgress }
    if arguments.isAtEnd { return verb == .xclient ? Replies.xclientSyntax : Replies.xforwardSyntax }
    return privileges.contains(verb == .xclient ? .xclient : .xforward) ? nil : Replies.notAuthorized
  }
}

/// On the heap only while there is one, so that an idle session stays small.
final class Forwarded {
  let client: ForwardedClient
  init(_ client: ForwardedClient) { self.client = client }
}
