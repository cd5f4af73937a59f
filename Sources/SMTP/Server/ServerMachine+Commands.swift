// SPDX-License-Identifier: Apache-2.0
import Bytes

extension ServerMachine {
  mutating func commandReceived(_ line: UnsafeRawBufferPointer, hasMoreInput: Bool) -> Action {
    guard isUTF8(line) else { return finish(nil, .reply(Replies.badUTF8)) }
    var cursor = ByteCursor(line)
    cursor.take(while: .blank)
    let word = cursor.take(until: .blank)
    if word.isEmpty { return finish(nil, .reply(Replies.badSyntax)) }
    guard let found = Verb(word) else { return finish(nil, unknownCommand(word, line: line)) }
    verb = found
    if let refusal = refusalBefore(found) { return finish(found, .reply(refusal)) }
    let action = perform(found, Arguments(cursor))
    if hasMoreInput, found.mustEndPipeline, let broken = pipelineBroken(after: found) { return broken }
    return finish(found, action)
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
    case .auth: .reply(Replies.authNotEnabled)
    case .quit: quit()
    }
  }

  /// What stands in the way of a command, whatever its arguments.
  private func refusalBefore(_ verb: Verb) -> Reply? {
    switch verb {
    case .lhlo where configuration.service != .lmtp: Replies.notRecognized
    case .helo where configuration.service == .lmtp, .ehlo where configuration.service == .lmtp: Replies.notRecognized
    case .helo, .ehlo, .lhlo, .noop, .quit, .starttls, .help: nil
    default: configuration.smtpdTlsSecurityLevel == .encrypt && tls == nil ? Replies.needTLS : nil
    }
  }

  /// Counts the command and its error, and ends the session when there have been too many.
  mutating func finish(_ verb: Verb?, _ action: Action) -> Action {
    guard case .reply(let reply) = action else { return action }
    counts.count(verb, succeeded: !reply.isNegative)
    if reply.isNegative { errorCount &+= 1 } else if verb?.isJunk ?? false { countJunk() }
    return endingIfTooManyErrors([reply])
  }

  /// `smtpd_junk_command_limit`: more of them than this count as errors.
  private mutating func countJunk() {
    junkCount &+= 1
    if junkCount > configuration.smtpdJunkCommandLimit { errorCount &+= 1 }
  }

  /// `smtpd_hard_error_limit`.
  mutating func endingIfTooManyErrors(_ replies: [Reply]) -> Action {
    if errorCount < configuration.smtpdHardErrorLimit { return replies.count == 1 ? .reply(replies[0]) : .replies(replies) }
    notice = .info("too many errors after \(place) from \(client.description)")
    stage = .closed
    transaction = nil
    return .close(replies + [Replies.tooManyErrors(configuration.myhostname)])
  }

  mutating func close(_ reply: Reply) -> Action {
    stage = .closed
    transaction = nil
    return .close([reply])
  }

  mutating func refuseBareNewline() -> Action { close(Replies.bareNewline(code: configuration.smtpdForbidBareNewlineRejectCode)) }

  /// `smtpd_forbid_bare_newline` for this client.
  var bareNewlineMode: ServerConfiguration.BareNewline {
    if let address = client.address, configuration.smtpdForbidBareNewlineExclusions.contains(address) { return .no }
    return configuration.smtpdForbidBareNewline
  }

  private func isUTF8(_ line: UnsafeRawBufferPointer) -> Bool {
    line.allSatisfy { $0 < 0x80 } || String(validating: line, as: UTF8.self) != nil
  }

  private mutating func unknownCommand(_ word: UnsafeRawBufferPointer, line: UnsafeRawBufferPointer) -> Action {
    let text = String(decoding: word, as: UTF8.self).uppercased()
    if configuration.smtpdNoopCommands.contains(text) { return .reply(Replies.ok) }
    if isForbidden(text) {
      notice = .warning("non-SMTP command from \(client.description): \(String(decoding: line.slice(0, 100), as: UTF8.self))")
      counts.count(nil, succeeded: false)
      return close(Replies.breaksRules)
    }
    return .reply(Replies.notRecognized)
  }

  /// `smtpd_forbidden_commands`, and what can only be a header field.
  private func isForbidden(_ word: String) -> Bool {
    if configuration.smtpdForbiddenCommands.contains(word) || word.hasSuffix(":") { return true }
    guard configuration.forbidsBogusCommands, let first = word.utf8.first else { return false }
    return !ASCIISet.alpha.contains(first)
  }

  /// Where the session is, for the log.
  var place: String {
    switch stage {
    case .start: "CONNECT"
    case .content: "DATA (\(transaction?.size ?? 0) bytes)"
    case .chunk: "BDAT (\(transaction?.size ?? 0) bytes)"
    case .committing: "END-OF-MESSAGE"
    default: verb.map { $0.name.uppercased() } ?? "CONNECT"
    }
  }

  private mutating func pipelineBroken(after verb: Verb) -> Action? {
    notice = .info("improper command pipelining after \(verb.name.uppercased()) from \(client.description)")
    return configuration.smtpdForbidUnauthPipelining ? close(Replies.notSynchronized) : nil
  }
}

extension Verb {
  /// RFC 2920 §3.1: these must be the last of a group of commands.
  var mustEndPipeline: Bool {
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
