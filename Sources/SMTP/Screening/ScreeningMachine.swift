// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A server that takes no mail: it speaks with clients that failed a test of postscreen's, or that must pass one within the protocol.
///
/// As Postfix's: no pipelining is offered, every recipient is refused and logged, DATA ends the session.
package struct ScreeningMachine {
  package struct Answer: Equatable, Sendable {
    package var reply: Reply
    package var closes = false
    /// TLS begins after the reply: then `tlsStarted`.
    package var startsTLS = false
    /// For the log, after the client's address has been put in place of `%`.
    package var notices: [String] = []
  }

  /// What a failed test leads to.
  package enum Consequence: String, CaseIterable, Sendable { case ignore, enforce, drop }

  package enum Test: CaseIterable, Sendable { case pipelining, nonSMTPCommand, bareNewline }

  package enum Outcome: Sendable { case passed, ignored, failed }

  package struct Settings: Sendable {
    package var host = ""
    /// What EHLO offers; STARTTLS is left out within TLS.
    package var keywords: [String] = []
    /// Those that EHLO hides from a client, in upper case.
    package var hidden: @Sendable (IPAddress) -> Set<String> = { _ in [] }
    package var tlsLevel = ServerConfiguration.TLSLevel.none
    /// `postscreen_helo_required`.
    package var heloRequired = false
    /// `postscreen_disable_vrfy_command`.
    package var disableVrfy = false
    /// `postscreen_command_count_limit`.
    package var maximumCommands = 20
    /// `postscreen_forbidden_commands`, asked for a command in any case.
    package var forbidsCommand: @Sendable (String) -> Bool = { _ in false }

    package init() {}
  }

  private let settings: Settings
  /// The tests that this client has still to pass.
  private var tests: [Test: Consequence]
  /// What has been found so far. Each test is failed once; after that it is over.
  private var outcomes: [Test: Outcome] = [:]
  private(set) var refusal: Reply
  private var hasFailed: Bool
  private(set) var helo = ""
  private(set) var sender: String?
  private var isExtended = false
  private var isInTLS = false
  private var commands = 0
  private var place = "CONNECT"

  /// `refusal`: for a client that has failed already; else recipients are told to come again.
  package init(_ settings: Settings, tests: [Test: Consequence], refusal: Reply?) {
    self.settings = settings
    self.tests = tests
    self.refusal = refusal ?? ScreeningReplies.comeAgain
    hasFailed = refusal != nil
  }

  /// The tests that are done. One that nothing was found against has been passed when the client names a recipient.
  package var results: [Test: Outcome] { outcomes }

  /// A complete line without its ending, and what the client has sent after it.
  package mutating func lineReceived(_ line: UnsafeRawBufferPointer, isBareNewline: Bool, rest: UnsafeRawBufferPointer) -> Answer {
    var notices: [String] = []
    if let end = check(line, isBareNewline, rest, &notices) { return Answer(reply: end, closes: true, notices: notices) }
    var answer = perform(line)
    answer.notices = notices + answer.notices
    return answer
  }

  /// Nothing came in `postscreen_command_time_limit`.
  package func timedOut() -> Answer {
    Answer(reply: Replies.timedOut(settings.host), closes: true, notices: ["COMMAND TIME LIMIT from % after \(place)"])
  }

  /// The line is longer than `line_length_limit`.
  package func overflowed() -> Answer {
    Answer(reply: ScreeningReplies.tooMuch(settings.host), closes: true, notices: ["COMMAND LENGTH LIMIT from % after \(place)"])
  }

  /// RFC 3207 §4.2: the session starts over.
  package mutating func tlsStarted() {
    isInTLS = true
    helo = ""
    sender = nil
    isExtended = false
  }

  // MARK: Tests

  /// The last reply, if the connection is to end before the command is looked at.
  private mutating func check(
    _ line: UnsafeRawBufferPointer, _ isBareNewline: Bool, _ rest: UnsafeRawBufferPointer, _ notices: inout [String]
  ) -> Reply? {
    if isBareNewline, let end = fail(.bareNewline, "BARE NEWLINE from % after \(Self.shown(line))", &notices) { return end }
    let command = line.slice(0, line.firstIndex { $0 == 0x20 || $0 == 0x09 } ?? line.count)
    if isForeign(String(decoding: command, as: UTF8.self)),
      let end = fail(.nonSMTPCommand, "NON-SMTP COMMAND from % after \(place): \(Self.shown(line))", &notices)
    {
      return end
    }
    if !command.isEmpty { place = Verb(command)?.name.uppercased() ?? "UNKNOWN" }
    commands += 1
    if commands > settings.maximumCommands {
      notices.append("COMMAND COUNT LIMIT from % after \(place)")
      return ScreeningReplies.tooMuch(settings.host)
    }
    return rest.isEmpty ? nil : fail(.pipelining, "COMMAND PIPELINING from % after \(place): \(EscapedText.of(rest, atMost: 100))", &notices)
  }

  private static func shown(_ line: UnsafeRawBufferPointer) -> String { String(decoding: line.slice(0, 100), as: UTF8.self) }

  /// A header field, or what the settings forbid.
  private func isForeign(_ word: String) -> Bool {
    guard tests[.nonSMTPCommand] != nil, !word.isEmpty else { return false }
    return word.contains(":") && !word.hasPrefix(":") || settings.forbidsCommand(word)
  }

  /// The last reply, if the connection is to be dropped.
  private mutating func fail(_ test: Test, _ notice: String, _ notices: inout [String]) -> Reply? {
    guard let consequence = tests[test], outcomes[test] == nil || outcomes[test] == .passed else { return nil }
    notices.append(notice)
    if consequence == .ignore {
      outcomes[test] = .ignored
      return nil
    }
    outcomes[test] = .failed
    refusal = ScreeningReplies.protocolError
    hasFailed = true
    guard consequence == .drop else { return nil }
    return test == .nonSMTPCommand ? ScreeningReplies.breaksRules : ScreeningReplies.dropped
  }

  /// Nothing more is to be learnt from a client that names recipients.
  private mutating func passRest() {
    if hasFailed { return }
    for test in tests.keys where outcomes[test] == nil { outcomes[test] = .passed }
  }
}

/// One command after another.
extension ScreeningMachine {
  private mutating func perform(_ line: UnsafeRawBufferPointer) -> Answer {
    var cursor = ByteCursor(line)
    cursor.take(while: .blank)
    let word = cursor.take(until: .blank)
    guard let verb = Verb(word) else { return Answer(reply: ScreeningReplies.notRecognized) }
    if settings.tlsLevel == .encrypt, !isInTLS, !verb.mayPrecedeTLS { return Answer(reply: Replies.needTLS) }
    var arguments = Arguments(cursor)
    switch verb {
    case .helo, .ehlo: return hello(verb, &arguments)
    case .mail: return mail(&arguments)
    case .rcpt: return rcpt(&arguments)
    case .data, .bdat: return data(verb, arguments)
    case .rset: return reset(arguments)
    case .noop: return Answer(reply: Replies.ok)
    case .vrfy: return verify(arguments)
    case .etrn: return Answer(reply: arguments.isAtEnd ? Replies.etrnSyntax : ScreeningReplies.etrnRefused)
    case .quit: return Answer(reply: Replies.bye, closes: true)
    case .starttls: return startTLS(arguments)
    case .lhlo, .help, .auth, .xclient, .xforward: return Answer(reply: ScreeningReplies.notRecognized)
    }
  }

  private mutating func hello(_ verb: Verb, _ arguments: inout Arguments) -> Answer {
    guard let name = arguments.plainWord() else { return Answer(reply: verb == .helo ? Replies.heloSyntax : Replies.ehloSyntax) }
    helo = String(decoding: name, as: UTF8.self)
    sender = nil
    isExtended = verb == .ehlo
    return Answer(reply: Reply(250, nil, isExtended ? offer.joined(separator: "\n") : settings.host))
  }

  private var offer: [String] { [settings.host] + settings.keywords.filter { !isInTLS || $0 != "STARTTLS" } }

  private mutating func mail(_ arguments: inout Arguments) -> Answer {
    if settings.heloRequired, helo.isEmpty { return Answer(reply: Replies.sendHelloFirst) }
    if sender != nil { return Answer(reply: Replies.nestedMail) }
    guard arguments.take(keyword: "FROM") else { return Answer(reply: Replies.mailSyntax) }
    sender = address(&arguments)
    return Answer(reply: Replies.senderOk)
  }

  private mutating func rcpt(_ arguments: inout Arguments) -> Answer {
    passRest()
    guard let sender else { return Answer(reply: Replies.needMail) }
    guard arguments.take(keyword: "TO") else { return Answer(reply: Replies.rcptSyntax) }
    let recipient = address(&arguments)
    let facts = "from=<\(sender)>, to=<\(recipient)>, proto=\(isExtended ? "ESMTP" : "SMTP"), helo=<\(helo)>"
    return Answer(reply: refusal, notices: ["NOQUEUE: reject: RCPT from %: \(refusal.summary); \(facts)"])
  }

  private func data(_ verb: Verb, _ given: Arguments) -> Answer {
    var arguments = given
    if verb == .data, !arguments.isAtEnd { return Answer(reply: Replies.dataSyntax) }
    let without = verb == .data ? Replies.needRcpt : ScreeningReplies.needMail
    return Answer(
      reply: sender == nil ? without : Replies.noValidRecipients, closes: true, notices: ["\(verb.name.uppercased()) without valid RCPT from %"])
  }

  private mutating func reset(_ given: Arguments) -> Answer {
    var arguments = given
    guard arguments.isAtEnd else { return Answer(reply: Replies.rsetSyntax) }
    sender = nil
    return Answer(reply: Replies.ok)
  }

  private func verify(_ given: Arguments) -> Answer {
    var arguments = given
    if settings.disableVrfy { return Answer(reply: Replies.vrfyDisabled) }
    return Answer(reply: arguments.isAtEnd ? ScreeningReplies.vrfySyntax : refusal)
  }

  private func startTLS(_ given: Arguments) -> Answer {
    var arguments = given
    if isInTLS { return Answer(reply: Replies.alreadyTLS) }
    if settings.tlsLevel == .none { return Answer(reply: Replies.notImplemented) }
    guard arguments.isAtEnd else { return Answer(reply: Replies.startTLSSyntax) }
    return Answer(reply: Replies.startTLS, startsTLS: true)
  }

  private func address(_ arguments: inout Arguments) -> String {
    let word = (try? arguments.word()) ?? nil
    let text = word.map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
  }
}

extension Verb {
  /// RFC 3207 §4: what may be said before STARTTLS where it is required.
  fileprivate var mayPrecedeTLS: Bool { [.helo, .ehlo, .noop, .quit, .starttls].contains(self) }
}
