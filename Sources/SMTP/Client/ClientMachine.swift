// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One SMTP or LMTP session, from the client's side. RFC 5321 §4.1, RFC 2033, RFC 2920.
///
/// Pure: events in, a `ClientAction` out; what is to be sent is appended to `output`, and the caller sends it.
/// Commands up to DATA go out in one piece where the server offers PIPELINING.
package struct ClientMachine: ~Copyable {
  let rules: ClientRules
  package internal(set) var extensions = ServerExtensions()
  /// What the server called itself in its reply to the greeting; empty before.
  package internal(set) var serverName = ""
  var parser = ReplyParser()
  /// What the replies still to come are about, in order.
  var expected = Expectations()
  /// What of the transaction has not been said yet.
  var next = Step.nothing
  var message: OutgoingMessage?
  /// What is known of each recipient so far.
  var outcomes: [ClientAnswer?] = []
  /// The server still has a transaction that came to nothing.
  var needsReset = false
  /// The server has said 421, or a failure was reported: nothing more can be said.
  package internal(set) var isOver = false

  /// The parts of a transaction, in order.
  enum Step: Equatable { case reset, forward(Int), mail, recipient(Int), data, content, nothing }

  package init(_ rules: ClientRules) {
    self.rules = rules
    expected.append(.greeting)
  }

  /// A complete line of a reply, without its line ending.
  package mutating func lineReceived(_ line: RawSpan, into output: inout ByteBuffer) -> ClientAction {
    let reply: ServerReply?
    do {
      reply = try line.withUnsafeBytes { bytes throws(ReplyParser.Fault) in try parser.lineReceived(bytes) }
    } catch { return fail(.notSMTP) }
    guard let reply else { return .receive }
    return replyReceived(reply, into: &output)
  }

  /// Starts a transaction. Legal after `.ready`, `.completed` and `.objected`.
  package mutating func begin(_ message: OutgoingMessage, into output: inout ByteBuffer) -> ClientAction {
    if isOver || !expected.isEmpty || message.recipients.isEmpty { return fail(.misused) }
    if let objection = objection(to: message) { return .objected(objection) }
    self.message = message
    outcomes = Array(repeating: nil, count: message.recipients.count)
    next = needsReset ? .reset : .forward(0)
    needsReset = false
    send(into: &output)
    return .receive
  }

  private func objection(to message: OutgoingMessage) -> ClientObjection? {
    if message.needsSMTPUTF8, !extensions.offers("SMTPUTF8") { return .needsSMTPUTF8 }
    if let limit = extensions.sizeLimit, let size = message.size, size > limit { return .tooBig(limit: limit) }
    return nil
  }

  /// The content has been sent: what `.sendContent` asks for.
  package mutating func contentSent() -> ClientAction {
    guard next == .content else { return fail(.misused) }
    next = .nothing
    if rules.service == .smtp {
      expected.append(.end(nil))
    } else {
      for (index, outcome) in outcomes.enumerated() where outcome?.reply.isNegative == false { expected.append(.end(index)) }
    }
    // RFC 2033 §4.2: no recipient, no reply.
    return expected.isEmpty ? complete() : .receive
  }

  /// Asks whether the connection is still good. `.ready` when it is.
  package mutating func probe(into output: inout ByteBuffer) -> ClientAction {
    if isOver || !expected.isEmpty || message != nil { return fail(.misused) }
    needsReset = false
    expected.append(.probe)
    output.append("RSET\r\n")
    return .receive
  }

  /// Says QUIT. The connection may be closed at `.closed`, or at once.
  package mutating func quit(into output: inout ByteBuffer) -> ClientAction {
    if isOver { return .closed }
    expected.append(.quit)
    output.append("QUIT\r\n")
    return .receive
  }

  /// Whether a transaction is under way, so that its recipients depend on what comes next.
  package var isBusy: Bool { message != nil }

  /// What is known of each recipient of the transaction under way.
  package var settled: [ClientAnswer?] { outcomes }

  /// What the next reply is about: its time limit, and what is said if it does not come.
  package var awaited: ClientCommand {
    guard let first = expected.first else { return next == .content ? .end : .mail }
    return command(of: first)
  }

  func command(of expectation: Expectation) -> ClientCommand {
    switch expectation {
    case .greeting: .greeting
    case .hello(let isExtended): rules.service == .lmtp ? .lhlo : isExtended ? .ehlo : .helo
    case .startTLS: .startTLS
    case .auth: .auth
    case .probe, .reset: .reset
    case .forward: .forward
    case .mail: .mail
    case .recipient: .recipient
    case .data: .data
    case .end: .end
    case .quit: .quit
    }
  }
}

/// What a reply is expected to.
enum Expectation: Equatable {
  case greeting
  case hello(isExtended: Bool)
  case startTLS, auth, probe, reset, forward, mail
  case recipient(Int)
  case data
  /// Nil: for all recipients that were taken.
  case end(Int?)
  case quit

  /// Whether the answer says yes or no to a message or a recipient.
  var isOfTransaction: Bool {
    switch self {
    case .mail, .recipient, .end: true
    default: false
    }
  }
}

/// A queue that costs nothing to take from.
struct Expectations {
  private var items: [Expectation] = []
  private var head = 0

  var isEmpty: Bool { head == items.count }
  var count: Int { items.count - head }
  var first: Expectation? { isEmpty ? nil : items[head] }

  mutating func append(_ item: Expectation) { items.append(item) }

  mutating func popFirst() -> Expectation? {
    guard head < items.count else { return nil }
    defer {
      head += 1
      if head == items.count {
        items.removeAll(keepingCapacity: true)
        head = 0
      }
    }
    return items[head]
  }

  mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    head = 0
  }
}
