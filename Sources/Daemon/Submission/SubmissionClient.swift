// SPDX-License-Identifier: Apache-2.0
import SMTP

/// Whom a message that was handed in on this machine is from and for, and what its sender wishes.
struct LocalSubmission: Equatable, Sendable {
  /// Empty for the null path.
  var sender: String
  var recipients: [String] = []
  /// `NEVER`, or some of `SUCCESS,FAILURE,DELAY`; empty for the default.
  var notify = ""
  /// `FULL` or `HDRS`; empty for the default.
  var returnContent = ""
  var envelopeID = ""
  var hasEightBit = false
  var needsUTF8 = false
  /// `-bv`: the sender is told what would become of it.
  var isProbe = false

  var addresses: [String] { [sender] + recipients }
}

/// Hands a message in over SMTP: replies in, what to say next out. RFC 5321 §4.1.4; recipients go together, some at a time.
struct SubmissionClient {
  enum Step: Equatable {
    case send(String)
    /// The content, up to and with the final dot.
    case sendContent
    case end(Outcome)
  }

  enum Outcome: Equatable {
    /// With the reply, which has the queue id in it.
    case queued(String)
    /// For good: the reply, and the recipient that it is about.
    case refused(String, recipient: String?)
    /// For now.
    case deferred(String)
  }

  private enum Phase { case greeting, hello, envelope, data, content }

  private let submission: LocalSubmission
  private var phase = Phase.greeting
  private var extensions: Set<String> = []
  private var offered = 0
  /// What the replies still to come are about: a recipient, or nil for MAIL.
  private var expected: [String?] = []
  private var failure: Outcome?

  /// Their replies fit into a socket's buffer.
  private static let recipientsAtATime = 100

  init(_ submission: LocalSubmission) { self.submission = submission }

  /// `reply`: its lines, each with its code.
  mutating func received(_ reply: [String]) -> Step {
    let isGood = reply.last?.first == "2" || reply.last?.first == "3"
    switch phase {
    case .greeting:
      phase = .hello
      return isGood ? .send("EHLO localhost\r\n") : .end(outcome(reply))
    case .hello:
      guard isGood else { return .end(outcome(reply)) }
      extensions = Set(reply.dropFirst().map { $0.dropFirst(4).prefix { $0 != " " }.uppercased() })
      phase = .envelope
      return .send("MAIL FROM:<\(submission.sender)>\(parameters)\r\n" + nextRecipients(after: [nil]))
    case .envelope:
      let subject = expected.isEmpty ? nil : expected.removeFirst()
      if !isGood, failure == nil { failure = outcome(reply, subject) }
      return expected.isEmpty ? envelopeAnswered() : .send("")
    case .data:
      phase = .content
      return isGood ? .sendContent : .end(outcome(reply))
    case .content: return .end(isGood ? .queued(text(reply)) : outcome(reply))
    }
  }

  private mutating func envelopeAnswered() -> Step {
    if let failure { return .end(failure) }
    if offered < submission.recipients.count { return .send(nextRecipients(after: [])) }
    phase = .data
    return .send("DATA\r\n")
  }

  private mutating func nextRecipients(after others: [String?]) -> String {
    let next = submission.recipients[offered...].prefix(Self.recipientsAtATime)
    offered += next.count
    expected = others + next.map { $0 }
    let notify = submission.notify.isEmpty ? "" : " NOTIFY=\(submission.notify)"
    return next.map { "RCPT TO:<\($0)>\(notify)\r\n" }.joined()
  }

  private var parameters: String {
    var text = ""
    if submission.hasEightBit { text += " BODY=8BITMIME" }
    if submission.needsUTF8, extensions.contains("SMTPUTF8") { text += " SMTPUTF8" }
    if !submission.returnContent.isEmpty { text += " RET=\(submission.returnContent)" }
    if !submission.envelopeID.isEmpty { text += " ENVID=\(XText.write(submission.envelopeID))" }
    if submission.isProbe { text += " XPROBE" }
    return text
  }

  private func outcome(_ reply: [String], _ recipient: String? = nil) -> Outcome {
    reply.last?.first == "5" ? .refused(text(reply), recipient: recipient) : .deferred(text(reply))
  }

  /// On one line, the code once.
  private func text(_ reply: [String]) -> String {
    reply.enumerated().map { $0 == 0 ? $1 : String($1.dropFirst(4)) }.joined(separator: " ")
  }
}

/// Puts lines together to replies.
struct ReplyLines {
  private var lines: [String] = []
  private static let maximum = 200

  /// The reply that ends with this line.
  mutating func add(_ line: String) -> [String]? {
    lines.append(line.hasSuffix("\r") ? String(line.dropLast()) : line)
    guard line.dropFirst(3).first != "-" || lines.count > Self.maximum else { return nil }
    defer { lines = [] }
    return lines
  }
}
