// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Verbs that are about the session: HELO, EHLO, LHLO, RSET, STARTTLS, VRFY, ETRN.
extension ServerMachine {
  /// RFC 5321 §4.1.1.1, RFC 2033 §4.1.
  mutating func hello(_ verb: Verb, _ arguments: Arguments) -> Action {
    var arguments = arguments
    guard let name = arguments.plainWord() else { return .reply(helloSyntax(verb)) }
    let text = String(decoding: name, as: UTF8.self)
    if isJudged(.hello) {
      var request = JudgementRequest(.hello)
      request.helo = text
      request.verb = verb.name.uppercased()
      return judge(request, then: .hello(verb, text))
    }
    return greet(verb, text)
  }

  mutating func greet(_ verb: Verb, _ name: String) -> Action {
    dropTransaction()
    heloName = name
    isExtended = verb != .helo
    if !isExtended { return .reply(context.heloOk) }
    noteHiddenKeywords()
    return .reply(ehloReply)
  }

  private func helloSyntax(_ verb: Verb) -> Reply {
    switch verb {
    case .helo: Replies.heloSyntax
    case .lhlo: Replies.lhloSyntax
    default: Replies.ehloSyntax
    }
  }

  /// What to say to a client that has not said hello where it must.
  var helloRefusal: Reply? {
    if !heloName.isEmpty { return nil }
    if configuration.service == .lmtp { return Replies.sendLHLOFirst }
    return configuration.smtpdHeloRequired ? Replies.sendHelloFirst : nil
  }

  /// RFC 5321 §4.1.1.5.
  mutating func reset(_ arguments: Arguments) -> Action {
    var arguments = arguments
    guard arguments.isAtEnd else { return .reply(Replies.rsetSyntax) }
    dropTransaction()
    return .reply(Replies.ok)
  }

  /// RFC 3207 §4.
  mutating func startTLS(_ arguments: Arguments) -> Action {
    var arguments = arguments
    guard arguments.isAtEnd else { return .reply(Replies.startTLSSyntax) }
    if tls != nil { return .reply(Replies.alreadyTLS) }
    if configuration.smtpdTlsSecurityLevel == .none || !offers("STARTTLS") { return .reply(Replies.notImplemented) }
    if let refusal = handshakeRefusal() { return .reply(refusal) }
    counts.count(.starttls, succeeded: true)
    isCounted = true
    stage = .tls
    return .startTLS(Replies.startTLS)
  }

  /// The answer to whatever comes first under TLS without the certificate that is required: during the handshake nobody could be told why.
  var certificateRefusal: Reply? {
    guard configuration.smtpdTlsReqCcert, let tls, !tls.isClientTrusted else { return nil }
    return Replies.certificateNeeded(configuration.myhostname, certificateFault(tls))
  }

  var certificateNotice: Notice? { tls.map { .info("NOQUEUE: abort: TLS from \(client.description): \(certificateFault($0))") } }

  private func certificateFault(_ tls: TLSFacts) -> String {
    tls.certificate == nil ? "No client certificate presented" : "Client certificate not trusted"
  }

  /// RFC 5321 §4.1.1.6, §7.3: 252 for what would be accepted.
  mutating func verify(_ arguments: Arguments) -> Action {
    if configuration.disableVrfyCommand { return .reply(Replies.vrfyDisabled) }
    if let refusal = helloRefusal { return .reply(refusal) }
    var arguments = arguments
    let text = arguments.remainder()
    if text.isEmpty { return .reply(Replies.vrfySyntax) }
    if let refusal = rateRefusal(.recipient) { return .reply(refusal) }
    var rules = configuration.paths
    rules.isStrict = false
    guard let mailbox = (try? PathParser(rules: rules).parsePath(text)) ?? nil else { return .reply(Replies.badRecipient) }
    let path = ForwardPath(mailbox)
    let words = String(decoding: text, as: UTF8.self)
    if isJudged(.verify) {
      var request = JudgementRequest(.verify)
      request.recipient = mailbox
      return judge(request, then: .verify(path, words))
    }
    guard case .permitted(let destination, let address) = decide(mailbox) else {
      return reject(Replies.relayDenied(mailbox.address), recipient: mailbox.address)
    }
    guard configuration.smtpdRejectUnlistedRecipient, configuration.relay.isListed(RelayPolicy.Resolution(address: address, destination: destination))
    else {
      return .reply(Replies.verified(words))
    }
    return askWho(Pending(path: path, words: words, destination: destination, address: address))
  }

  mutating func askWho(_ pending: Pending) -> Action {
    ask(RecipientQuery(address: pending.address, destination: pending.destination), pending, stage: .verifying)
  }

  /// RFC 1985 §5.3: 459, for a node that the server keeps no queue for.
  mutating func etrn(_ arguments: Arguments) -> Action {
    if helloRefusal != nil { return .reply(Replies.etrnNeedsHello) }
    var arguments = arguments
    guard let domain = arguments.plainWord(), arguments.isAtEnd else { return .reply(Replies.etrnSyntax) }
    let name = String(decoding: domain, as: UTF8.self)
    guard isJudged(.etrn) else { return .reply(Replies.etrnRefused(name)) }
    var request = JudgementRequest(.etrn)
    request.etrnDomain = name
    return judge(request, then: .etrn(name))
  }
}
