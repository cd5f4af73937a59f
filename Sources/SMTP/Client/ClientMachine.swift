// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One SMTP or LMTP session, from the client's side. RFC 5321 §4.1, RFC 2033, RFC 2920.
///
/// Pure: events in, a `ClientAction` out; what is to be sent is appended to `output`, and the caller sends it.
/// Commands up to DATA go out in one piece where the server offers PIPELINING.
package struct ClientMachine: ~Copyable {
  package enum Service: Sendable { case smtp, lmtp }

  let service: Service
  let heloName: String
  package internal(set) var extensions = ServerExtensions()
  var parser = ReplyParser()
  /// What the replies still to come are about, in order.
  var expected: [Expected] = [.greeting]
  /// Commands not sent yet, because the server does not take them together.
  var waiting: [(command: String, expected: Expected)] = []
  var message: OutgoingMessage?
  /// The reply to each recipient so far.
  var outcomes: [Reply?] = []
  /// The server still has a transaction that came to nothing.
  var needsReset = false
  var hasFailed = false

  enum Expected: Equatable { case greeting, hello, mail, recipient(Int), data, end(Int), endOfAll, reset, quit }

  package init(service: Service, heloName: String) {
    self.service = service
    self.heloName = heloName
  }

  /// A complete line of a reply, without its line ending.
  package mutating func lineReceived(_ line: RawSpan, into output: inout ByteBuffer) -> ClientAction {
    let reply: Reply?
    do {
      reply = try line.withUnsafeBytes { bytes throws(ReplyParser.Fault) in try parser.lineReceived(bytes) }
    } catch { return fail(.notSMTP) }
    guard let reply else { return .receive }
    return replyReceived(reply, into: &output)
  }

  /// Starts a transaction. Legal after `.ready` and after `.completed`.
  package mutating func begin(_ message: OutgoingMessage, into output: inout ByteBuffer) -> ClientAction {
    if hasFailed || !expected.isEmpty || message.recipients.isEmpty { return fail(.misused) }
    self.message = message
    outcomes = Array(repeating: nil, count: message.recipients.count)
    if needsReset { waiting.append(("RSET", .reset)) }
    needsReset = false
    waiting.append((ClientMachine.line("MAIL FROM:<\(message.sender.quoted)>", message.parameters), .mail))
    for (index, recipient) in message.recipients.enumerated() {
      waiting.append((ClientMachine.line("RCPT TO:<\(recipient.address.quoted)>", recipient.parameters), .recipient(index)))
    }
    waiting.append(("DATA", .data))
    send(into: &output)
    return .receive
  }

  /// The content has been sent, up to and with the final dot: what `.sendContent` asks for.
  package mutating func contentSent() -> ClientAction {
    if service == .smtp {
      expected.append(.endOfAll)
    } else {
      for (index, outcome) in outcomes.enumerated() where outcome?.isNegative == false { expected.append(.end(index)) }
    }
    // RFC 2033 §4.2: no recipient, no reply.
    return expected.isEmpty ? complete() : .receive
  }

  /// Says QUIT. The connection may be closed at `.closed`, or at once.
  package mutating func quit(into output: inout ByteBuffer) -> ClientAction {
    if hasFailed { return .closed }
    waiting.append(("QUIT", .quit))
    send(into: &output)
    return .receive
  }

  /// Whether a transaction is under way, so that its recipients depend on what comes next.
  package var isBusy: Bool { message != nil }

  /// Appends what may be sent now: everything, or one command where the server offers no PIPELINING.
  mutating func send(into output: inout ByteBuffer) {
    let count = extensions.offers("PIPELINING") ? waiting.count : expected.isEmpty ? 1 : 0
    for next in waiting.prefix(count) {
      output.append(next.command)
      output.append("\r\n")
      expected.append(next.expected)
    }
    waiting.removeFirst(min(count, waiting.count))
  }

  /// A command line; a control character, which no legal address has, must not become a second command.
  private static func line(_ command: String, _ parameters: [String]) -> String {
    let line = ([command] + parameters).joined(separator: " ")
    return line.utf8.contains { $0 < 0x20 } ? String(line.unicodeScalars.map { $0.value < 0x20 ? "?" : Character($0) }) : line
  }
}
