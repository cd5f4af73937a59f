// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Verbs that are about the session: HELO, EHLO, LHLO, RSET, STARTTLS, VRFY, ETRN, QUIT.
extension ServerMachine {
  /// RFC 5321 §4.1.1.1, RFC 2033 §4.1.
  mutating func hello(_ verb: Verb, _ arguments: Arguments) -> Action {
    var arguments = arguments
    guard let name = arguments.plainWord() else { return .reply(helloSyntax(verb)) }
    transaction = nil
    heloName = String(decoding: name, as: UTF8.self)
    isExtended = verb != .helo
    if !isExtended { return .reply(context.heloOk) }
    return .reply(tls == nil ? context.ehloInClear : context.ehloInTLS)
  }

  private func helloSyntax(_ verb: Verb) -> Reply {
    switch verb {
    case .helo: Replies.heloSyntax
    case .lhlo: Replies.lhloSyntax
    default: Replies.ehloSyntax
    }
  }

  /// RFC 5321 §4.1.1.5.
  mutating func reset(_ arguments: Arguments) -> Action {
    var arguments = arguments
    guard arguments.isAtEnd else { return .reply(Replies.rsetSyntax) }
    transaction = nil
    return .reply(Replies.ok)
  }

  /// RFC 3207 §4.
  mutating func startTLS(_ arguments: Arguments) -> Action {
    var arguments = arguments
    guard arguments.isAtEnd else { return .reply(Replies.startTLSSyntax) }
    if tls != nil { return .reply(Replies.alreadyTLS) }
    if configuration.smtpdTlsSecurityLevel == .none || !context.offers("STARTTLS") { return .reply(Replies.notImplemented) }
    counts.count(.starttls, succeeded: true)
    stage = .tls
    return .startTLS(Replies.startTLS)
  }

  /// RFC 5321 §4.1.1.6.
  mutating func verify(_ arguments: Arguments) -> Action {
    if configuration.disableVrfyCommand { return .reply(Replies.vrfyDisabled) }
    var arguments = arguments
    let text = arguments.remainder()
    if text.isEmpty { return .reply(Replies.vrfySyntax) }
    let mailbox = try? PathParser(isStrict: false).parsePath(text)
    guard let mailbox else { return .reply(Replies.badRecipient) }
    switch configuration.relay.decide(mailbox, client: client.address) {
    case .denied: return .reply(Replies.relayDenied(mailbox.address))
    case .permitted(.remote, _): return .reply(Replies.verified(String(decoding: text, as: UTF8.self)))
    case .permitted(let destination, let address):
      stage = .verifying
      pending = Pending(path: ForwardPath(mailbox), words: String(decoding: text, as: UTF8.self), destination: destination, address: address)
      return .resolveRecipient(RecipientQuery(address: address, destination: destination))
    }
  }

  /// RFC 1985 §5.3: 459, for a node that the server keeps no queue for.
  func etrn(_ arguments: Arguments) -> Action {
    var arguments = arguments
    guard let domain = arguments.plainWord(), arguments.isAtEnd else { return .reply(Replies.etrnSyntax) }
    return .reply(Replies.etrnRefused(String(decoding: domain, as: UTF8.self)))
  }

  /// RFC 5321 §4.1.1.10.
  mutating func quit() -> Action {
    counts.count(.quit, succeeded: true)
    return close(Replies.bye)
  }
}
