// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime
import SMTP
import Spool

/// One LMTP connection to the mailbox process.
final class MailboxConnection {
  private let stream: BlockingStream
  private let timeout: Duration
  private var input = ByteBuffer()
  private var framer = LineFramer(maximumLength: MailboxConnection.longestLine)

  private static let longestLine = 4096
  /// Lines of one reply.
  private static let mostLines = 100

  init(_ stream: BlockingStream, timeout: Duration) {
    self.stream = stream
    self.timeout = timeout
  }

  /// The greeting and LHLO (RFC 2033 §4.1).
  func greet(_ hostname: String) throws(MailboxConnectionError) {
    let banner = try readReply("receiving the initial server greeting")
    guard banner.code == 220 else { throw .foreign(banner.text) }
    try write(Array("LHLO \(hostname)\r\n".utf8))
    let reply = try readReply("performing the LHLO handshake")
    guard reply.code == 250, reply.lines.contains(MailboxExtension.keyword) else { throw .foreign("no \(MailboxExtension.keyword) in \(reply.text)") }
  }

  // MARK: one copy

  /// Sends a whole transaction without waiting (RFC 2920, RFC 3030).
  func send(_ job: SystemUserJob) throws(MailboxConnectionError) {
    let sender = job.message.envelope.sender
    let reversePath = sender.isEmpty ? "" : Mailbox(address: sender).quoted
    let size = job.message.size + Int64(job.header.count)
    var head = Array("MAIL FROM:<\(reversePath)>\(job.message.envelope.smtpUTF8 ? " SMTPUTF8" : "")\r\n".utf8)
    head += Array("\(MailboxExtension.line(.init(name: job.name, replay: job.replay, isFinal: job.isFinal)))\r\n".utf8)
    head += Array("RCPT TO:<\(Mailbox(address: job.recipient).quoted)>\r\nBDAT \(size) LAST\r\n".utf8)
    try write(head + job.header)
    try sendContent(job.message)
  }

  private func sendContent(_ message: QueuedMessage) throws(MailboxConnectionError) {
    var failure: MailboxConnectionError?
    do throws(SpoolError) {
      try message.forEachBlock { pieces throws(DiskError) in
        for piece in pieces where failure == nil {
          do throws(MailboxConnectionError) { try write(piece) } catch { failure = error }
        }
        if failure != nil { throw DiskError(code: DiskError.inputOutput, operation: "send") }
      }
    } catch {
      throw failure ?? .unreadable
    }
  }

  /// Reads the four replies of a transaction; the first that refuses counts.
  func readOutcome(of job: SystemUserJob) throws(MailboxConnectionError) -> CopyOutcome {
    var refusal: Answer?
    var last: Answer?
    for command in ["MAIL FROM", "XFILE", "RCPT TO", "BDAT"] {
      let answer = try readReply("sending \(command)")
      if refusal == nil, answer.code >= 300 { refusal = answer }
      last = answer
    }
    if refusal == nil, last?.code == Int(MailboxExtension.forwarded) { return .forwarded }
    if let refusal, refusal.code == MailboxExtension.busy { return .busy(refusal.reason) }
    if let refusal { return refusal.code >= 500 ? .refused(refusal.reason) : .deferred(refusal.reason) }
    return last?.reason.text == MailboxExtension.stable ? .stable : .written
  }

  /// Asks for all copies of this connection to become durable; answers why that failed.
  func synchronize() throws(MailboxConnectionError) -> Reason? {
    try write(Array("XSTABLE\r\n".utf8))
    let answer = try readReply("waiting for the disk")
    return answer.code == 250 ? nil : answer.reason
  }

  // MARK: programs

  func hasForward(_ address: String) throws(MailboxConnectionError) -> Bool? {
    try write(Array("XFORWARD \(address)\r\n".utf8))
    let answer = try readReply("asking for a .forward file")
    return answer.code == Int(MailboxExtension.forwarded) ? true : answer.code == 250 ? false : nil
  }

  /// Has an order carried out, which may take as long as the programs have.
  func perform(_ order: ProgramOrder, _ message: QueuedMessage) throws(MailboxConnectionError) -> ProgramAnswer {
    let bytes = order.encoded
    try write(Array("XPROGRAM \(bytes.count) \(message.size)\r\n".utf8) + bytes)
    try sendContent(message)
    let reply = try readReply("waiting for a program")
    guard reply.code == 250, let length = reply.lines.last?.split(separator: " ").last.flatMap({ Int($0) }), length <= MailboxExtension.longestOrder
    else { throw .foreign(reply.text) }
    while input.count < length {
      guard case .received = stream.read(into: &input, timeout: timeout) else { throw .lost("receiving a program's result") }
    }
    let answer = input.withReadable { Array($0.prefix(length)) }
    input.consume(length)
    guard let answer = ProgramAnswer(encoded: answer) else { throw .foreign("a result that makes no sense") }
    return answer
  }

  // MARK: input and output

  struct Answer: Equatable {
    var code = 0
    /// Without codes.
    var lines: [String] = []

    var text: String { "\(code) \(lines.joined(separator: " "))" }

    /// RFC 2034: the status before the text.
    var reason: Reason {
      let text = lines.joined(separator: " ")
      guard let space = text.firstIndex(of: " "), text[..<space].split(separator: ".").count == 3 else {
        return Reason(status: code >= 500 ? "5.0.0" : code >= 400 ? "4.0.0" : "2.0.0", text: text)
      }
      return Reason(status: String(text[..<space]), text: String(text[text.index(after: space)...]))
    }
  }

  private func write(_ bytes: [UInt8]) throws(MailboxConnectionError) {
    let outcome = bytes.withUnsafeBytes { stream.write($0, timeout: timeout) }
    if outcome != .written { throw .lost("sending") }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(MailboxConnectionError) {
    if stream.write(bytes, timeout: timeout) != .written { throw .lost("sending message content") }
  }

  private func readReply(_ activity: String) throws(MailboxConnectionError) -> Answer {
    var answer = Answer()
    while answer.lines.count < MailboxConnection.mostLines {
      let line = try readLine(activity)
      guard line.utf8.count >= 3, let code = Int(line.prefix(3)), (200...599).contains(code) else { throw .foreign(line) }
      answer.code = code
      answer.lines.append(String(line.dropFirst(4)))
      // RFC 5321 §3.8: the server is about to close, after a silence for instance.
      if code == 421 { throw .lost(activity) }
      if line.dropFirst(3).first != "-" { return answer }
    }
    throw .foreign("too many lines")
  }

  private func readLine(_ activity: String) throws(MailboxConnectionError) -> String {
    while true {
      switch input.withReadable({ framer.next(in: $0) }) {
      case .line(let length, let consumed, _):
        let line = input.withReadable { String(decoding: $0[..<length], as: UTF8.self) }
        input.consume(consumed)
        return line
      case .needMore:
        guard case .received = stream.read(into: &input, timeout: timeout) else { throw .lost(activity) }
      case .tooLong, .skip: throw .foreign("a line that is too long")
      }
    }
  }
}
