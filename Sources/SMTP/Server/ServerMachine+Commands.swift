// SPDX-License-Identifier: Apache-2.0
import Bytes

/// From a line to the verb's own method, and from its answer to an action.
extension ServerMachine {
  mutating func commandReceived(_ line: UnsafeRawBufferPointer, hasMoreInput: Bool) -> Action {
    lastCommand = .unknown
    isCounted = false
    if let reply = fault(of: line) { return finish(nil, .reply(reply)) }
    var cursor = ByteCursor(line)
    cursor.take(while: .blank)
    let word = cursor.take(until: .blank)
    if word.isEmpty { return finish(nil, .reply(Replies.badSyntax)) }
    if let ignores = configuration.edge.ignoresCommand, ignores(String(decoding: word, as: UTF8.self)) { return finish(nil, .reply(Replies.ok)) }
    guard let verb = Verb(word), isKnown(verb) else { return finish(nil, unknownCommand(word, line: line)) }
    lastCommand = .verb(verb)
    if isDenied, verb != .quit { return finish(verb, .reply(Replies.accessDenied(client.description))) }
    if hasMoreInput, !isExtended || verb.endsPipeline, let action = pipelineBroken(after: verb) { return action }
    let action = needsTLS(verb) ? .reply(Replies.needTLS) : perform(verb, Arguments(cursor))
    return finish(verb, action)
  }

  private mutating func perform(_ verb: Verb, _ arguments: Arguments) -> Action {
    switch verb {
    case .helo, .ehlo, .lhlo: hello(verb, arguments)
    case .mail: mail(arguments)
    case .rcpt: rcpt(arguments)
    case .data: data(arguments)
    case .bdat: bdat(arguments)
    case .rset: reset(arguments)
    case .noop: .reply(Replies.ok)
    case .vrfy: verify(arguments)
    case .etrn: etrn(arguments)
    case .help: .reply(context.help)
    case .starttls: startTLS(arguments)
    case .auth: .reply(rateRefusal(.authentication) ?? Replies.authNotEnabled)
    case .xclient: xclient(arguments)
    case .xforward: xforward(arguments)
    case .quit: close([Replies.bye])
    }
  }

  /// What makes a line no command at all.
  private func fault(of line: UnsafeRawBufferPointer) -> Reply? {
    if line.contains(0) { return Replies.badSyntax }
    // RFC 6531 §3.2: what is not ASCII is UTF-8.
    let isUTF8 = line.allSatisfy { $0 < 0x80 } || String(validating: line, as: UTF8.self) != nil
    return isUTF8 ? nil : Replies.badUTF8
  }

  /// RFC 2033 §4.1: LHLO is for LMTP, and LMTP knows no other hello.
  private func isKnown(_ verb: Verb) -> Bool {
    switch verb {
    case .lhlo: configuration.service == .lmtp
    case .helo, .ehlo: configuration.service == .smtp
    default: true
    }
  }

  /// RFC 3207 §4: what may be said before STARTTLS where it is required.
  private func needsTLS(_ verb: Verb) -> Bool {
    if tls != nil || configuration.smtpdTlsSecurityLevel != .encrypt { return false }
    switch verb {
    case .helo, .ehlo, .lhlo, .noop, .quit, .starttls, .help, .xclient, .xforward: return false
    default: return true
    }
  }

  private mutating func unknownCommand(_ word: UnsafeRawBufferPointer, line: UnsafeRawBufferPointer) -> Action {
    let text = String(decoding: word, as: UTF8.self).uppercased()
    if !isForbidden(text) { return .reply(Replies.notRecognized(suggestion(for: text))) }
    notice = .warning("non-SMTP command from \(client.description): \(String(decoding: line.slice(0, 100), as: UTF8.self))")
    return close([Replies.breaksRules])
  }

  private func suggestion(for word: String) -> Verb? {
    guard let verb = Verb.suggestion(for: word), isKnown(verb) else { return nil }
    return verb
  }

  /// `smtpd_forbidden_commands`, and what can only be a header field.
  private func isForbidden(_ word: String) -> Bool { word.utf8.contains(0x3a) || configuration.edge.forbidsCommand?(word) ?? false }

  /// RFC 2920 §3.1; `smtpd_forbid_unauth_pipelining` makes it the end of the session.
  private mutating func pipelineBroken(after verb: Verb) -> Action? {
    hasImproperPipelining = true
    notice = .info("improper command pipelining after \(verb.name.uppercased()) from \(client.description)")
    return configuration.smtpdForbidUnauthPipelining ? close([Replies.notSynchronized]) : nil
  }

  /// `smtpd_forbid_bare_newline` for this client.
  var bareNewlineMode: ServerConfiguration.BareNewline {
    if let address = client.address, configuration.smtpdForbidBareNewlineExclusions.contains(address) { return .no }
    return configuration.smtpdForbidBareNewline
  }

  /// What `smtpd_forbid_bare_newline = note` is for.
  mutating func noteBareNewline() { notice = .info("bare <LF> received after \(place) from \(client.description)") }

  var bareNewlineRefusal: Reply {
    Replies.bareNewline(configuration.myhostname, code: configuration.smtpdForbidBareNewlineRejectCode)
  }
}

extension Verb {
  /// RFC 2920 §3.1: these must be the last of a group of commands.
  var endsPipeline: Bool {
    switch self {
    case .helo, .ehlo, .lhlo, .data, .noop, .vrfy: true
    default: false
    }
  }

  /// Commands that bring no mail nearer; a session may not have too many.
  var isJunk: Bool {
    switch self {
    case .helo, .ehlo, .lhlo, .rset, .noop, .vrfy, .etrn, .help: true
    default: false
    }
  }
}
