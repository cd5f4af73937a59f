// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A server that takes no mail: it speaks with clients that failed a test of postscreen's, or that must pass one within the protocol.
///
/// As Postfix's: no pipelining is offered, every recipient is refused and logged, DATA ends the session.
package struct ScreeningMachine {
  package struct Answer: Equatable, Sendable {
    package var reply: Reply
    package var closes = false
    /// For the log, after the client's address has been put in place of `%`.
    package var notices: [String] = []
  }

  /// What a test within the protocol leads to.
  package enum Consequence: String, CaseIterable, Sendable { case ignore, enforce, drop }

  /// The tests that this client has still to pass.
  package struct Tests: Equatable, Sendable {
    package var pipelining: Consequence?
    package var nonSMTPCommand: Consequence?
    package var bareNewline: Consequence?
    /// `postscreen_forbidden_commands`, in upper case.
    package var forbiddenCommands: Set<String> = []

    package init() {}
    package var isEmpty: Bool { pipelining == nil && nonSMTPCommand == nil && bareNewline == nil }
  }

  private let host: String
  private let heloRequired: Bool
  private let tests: Tests
  private var refusal: Reply
  private var helo = ""
  private var sender: String?
  private var isExtended = false
  private var commands = 0
  private var place = "CONNECT"
  private var hasFailed: Bool
  /// Whether a recipient was named with no test failed: the client may pass the next time.
  package private(set) var hasPassed = false

  /// `postscreen_command_count_limit`.
  package static let maximumCommands = 20

  static let protocolError = Reply(550, EnhancedStatus(5, 5, 1), "Protocol error")
  static let dropped = Reply(521, EnhancedStatus(5, 5, 1), "Protocol error")
  static let comeAgain = Reply(450, EnhancedStatus(4, 3, 2), "Service currently unavailable")

  /// `refusal`: for a client that has failed already; else recipients are told to come again.
  package init(host: String, heloRequired: Bool, tests: Tests, refusal: Reply?) {
    self.host = host
    self.heloRequired = heloRequired
    self.tests = tests
    self.refusal = refusal ?? Self.comeAgain
    hasFailed = refusal != nil
  }

  package static func pregreetRefusal(_ consequence: Consequence) -> Reply { consequence == .drop ? dropped : protocolError }

  /// A complete line without its ending.
  package mutating func lineReceived(_ line: UnsafeRawBufferPointer, isBareNewline: Bool, hasMoreInput: Bool) -> Answer {
    var notices: [String] = []
    if let end = checkLine(line, isBareNewline: isBareNewline, &notices) { return Answer(reply: end, closes: true, notices: notices) }
    commands += 1
    if commands > Self.maximumCommands {
      notices.append("COMMAND COUNT LIMIT from % after \(place)")
      return Answer(reply: Replies.tooManyErrors(host), closes: true, notices: notices)
    }
    var answer = perform(line)
    if hasMoreInput, !answer.closes, let end = fail(tests.pipelining, "COMMAND PIPELINING from % after \(place)", &notices) {
      return Answer(reply: end, closes: true, notices: notices)
    }
    answer.notices = notices + answer.notices
    return answer
  }

  /// Nothing came in `postscreen_command_time_limit`.
  package func timedOut() -> Answer {
    Answer(reply: Replies.timedOut(host), closes: true, notices: ["COMMAND TIME LIMIT from % after \(place)"])
  }

  /// What the end of the connection is logged as.
  package var placeName: String { place }

  // MARK: Tests

  private mutating func checkLine(_ line: UnsafeRawBufferPointer, isBareNewline: Bool, _ notices: inout [String]) -> Reply? {
    if isBareNewline, let end = fail(tests.bareNewline, "BARE NEWLINE from % after \(place)", &notices) { return end }
    let word = String(decoding: line.prefix { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self).uppercased()
    guard tests.forbiddenCommands.contains(word) || word.contains(":") || word.utf8.first.map({ !ASCIISet.alpha.contains($0) }) ?? false else {
      return nil
    }
    let text = String(decoding: line.slice(0, 100), as: UTF8.self)
    return fail(tests.nonSMTPCommand, "NON-SMTP COMMAND from % after \(place): \(text)", &notices)
  }

  /// The last reply, if the connection is to be dropped.
  private mutating func fail(_ consequence: Consequence?, _ notice: String, _ notices: inout [String]) -> Reply? {
    guard let consequence else { return nil }
    notices.append(notice)
    hasPassed = false
    switch consequence {
    case .ignore: return nil
    case .enforce:
      if !hasFailed { refusal = Self.protocolError }
      hasFailed = true
      return nil
    case .drop:
      hasFailed = true
      return Self.dropped
    }
  }

  // MARK: Commands

  private mutating func perform(_ line: UnsafeRawBufferPointer) -> Answer {
    var cursor = ByteCursor(line)
    cursor.take(while: .blank)
    let word = cursor.take(until: .blank)
    if word.isEmpty { return Answer(reply: Replies.badSyntax) }
    guard let verb = Verb(word) else {
      place = "UNKNOWN"
      return Answer(reply: Replies.notRecognized(nil))
    }
    place = verb.name.uppercased()
    var arguments = Arguments(cursor)
    switch verb {
    case .helo, .ehlo: return hello(verb, &arguments)
    case .mail: return mail(&arguments)
    case .rcpt: return rcpt(&arguments)
    case .data, .bdat: return data(verb, &arguments)
    case .rset:
      sender = nil
      return Answer(reply: Replies.ok)
    case .noop: return Answer(reply: Replies.ok)
    case .vrfy: return Answer(reply: arguments.isAtEnd ? Replies.vrfySyntax : refusal)
    case .etrn: return Answer(reply: arguments.isAtEnd ? Replies.etrnSyntax : Reply(458, nil, "Unable to queue messages"))
    case .quit: return Answer(reply: Replies.bye, closes: true)
    case .lhlo, .help: return Answer(reply: Replies.notRecognized(nil))
    case .starttls, .auth, .xclient, .xforward: return Answer(reply: Replies.notImplemented)
    }
  }

  private mutating func hello(_ verb: Verb, _ arguments: inout Arguments) -> Answer {
    guard let name = arguments.plainWord() else { return Answer(reply: verb == .helo ? Replies.heloSyntax : Replies.ehloSyntax) }
    helo = String(decoding: name, as: UTF8.self)
    sender = nil
    isExtended = verb == .ehlo
    return Answer(reply: Reply(250, nil, isExtended ? "\(host)\nVRFY\nETRN\nENHANCEDSTATUSCODES\n8BITMIME\nDSN" : host))
  }

  private mutating func mail(_ arguments: inout Arguments) -> Answer {
    if heloRequired, helo.isEmpty { return Answer(reply: Replies.sendHelloFirst) }
    if sender != nil { return Answer(reply: Replies.nestedMail) }
    guard arguments.take(keyword: "FROM"), !arguments.isAtEnd else { return Answer(reply: Replies.mailSyntax) }
    sender = address(&arguments)
    return Answer(reply: Replies.senderOk)
  }

  private mutating func rcpt(_ arguments: inout Arguments) -> Answer {
    guard let sender else { return Answer(reply: Replies.needMail) }
    guard arguments.take(keyword: "TO"), !arguments.isAtEnd else { return Answer(reply: Replies.rcptSyntax) }
    let recipient = address(&arguments)
    hasPassed = !hasFailed
    let facts = "from=<\(sender)>, to=<\(recipient)>, proto=\(isExtended ? "ESMTP" : "SMTP"), helo=<\(helo)>"
    return Answer(reply: refusal, notices: ["NOQUEUE: reject: RCPT from %: \(refusal.summary); \(facts)"])
  }

  private func data(_ verb: Verb, _ arguments: inout Arguments) -> Answer {
    let notice = "\(verb.name.uppercased()) without valid RCPT from %"
    let reply = sender == nil ? Replies.needRcpt : Replies.noValidRecipients
    return Answer(reply: reply, closes: true, notices: [notice])
  }

  private func address(_ arguments: inout Arguments) -> String {
    let word = (try? arguments.word()) ?? nil
    let text = word.map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
  }
}
