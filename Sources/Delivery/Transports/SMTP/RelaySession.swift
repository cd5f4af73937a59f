// SPDX-License-Identifier: Apache-2.0
import Bytes
import Message
import Queue
import Runtime
import SMTP

/// One connection to a server: performs what the client machine decides, and keeps the time limits. On its loop.
final class RelaySession {
  /// Why it cannot go on.
  enum Trouble: Error, Equatable {
    /// In the greetings, or between messages.
    case refused(ServerReply, ClientCommand)
    case lost(String)
    case timedOut(String)
    /// What came is no SMTP.
    case nonsense(String, ClientCommand)
    /// The content could not be read.
    case unreadable
    /// By our own policy, before anything was sent.
    case policy(Reason)
  }

  let host: RelayHost
  let settings: SMTPClientSettings
  let stream: SocketStream
  var machine: ClientMachine
  var output = ByteBuffer()
  /// Messages that have begun on it.
  var uses = 0
  /// The message under way has not been answered yet: a connection that breaks now has broken before.
  var isUntouched = false
  /// How it is to be secured, and what for.
  var security = SessionSecurity(level: .none)
  var target: SecurityTarget?
  var isSecured = false
  /// The server has proved who it is.
  var hasProof = false
  var isLoggedIn = false
  /// QUIT went along with the content of its last message.
  private(set) var hasSaidGoodbye = false
  /// The server took no more of what was to be written, though it has something to say.
  private(set) var wasRefusedMidway = false
  let born: Instant
  /// What the last reply was about.
  private var answered = ClientCommand.greeting
  private var input = ByteBuffer()
  /// What was said, where the postmaster may want to know it: all but contents and passwords.
  private var transcript: TranscriptLines?
  /// So much of the output is in the transcript, or is content.
  private var noted = 0
  private var isSendingContent = false
  /// What the server said tells that the one side does not understand the other.
  private var isMisunderstood = false
  private var framer = LineFramer(maximumLength: RelaySession.longestLine)

  /// Whether something was received that nobody has looked at yet.
  var hasUnread: Bool { !input.isEmpty }

  private static let longestLine = 4096
  /// A server that sends more lines than this without a pause lets others of its loop wait no longer.
  private static let linesPerTurn = 64

  init(_ host: RelayHost, _ stream: SocketStream, _ settings: SMTPClientSettings) {
    self.host = host
    self.stream = stream
    self.settings = settings
    var rules = settings.rules
    if let address = host.address, let ignored = settings.ignored(address) { rules.ignored = ignored }
    machine = ClientMachine(rules)
    born = stream.now
  }

  /// Sends what is due, and gives the machine what comes until it wants something else.
  func advance(_ action: ClientAction) async throws(Trouble) -> ClientAction {
    var action = action
    var lines = 0
    while action == .receive {
      if !output.isEmpty { try await flush(machine.awaited.activity, settings.times.limit(machine.awaited)) }
      action = try await receiveLine()
      lines += 1
      if lines % RelaySession.linesPerTurn == 0 { await stream.yield() }
    }
    if case .failed(let failure) = action { throw trouble(failure) }
    return action
  }

  private func receiveLine() async throws(Trouble) -> ClientAction {
    while true {
      switch input.withReadable({ framer.next(in: $0) }) {
      case .line(let length, let consumed, _): return take(length, consumed)
      case .tooLong(let consumed), .skip(let consumed): input.consume(consumed)
      case .needMore: try await receive()
      }
    }
  }

  private func take(_ length: Int, _ consumed: Int) -> ClientAction {
    defer { input.consume(consumed) }
    let awaited = machine.awaited
    answered = awaited
    if awaited == .mail { isUntouched = false }
    if transcript != nil { input.withReadable { transcript?.append($0.slice(0, length), .received) } }
    guard !settings.replyFilter.isEmpty else {
      return input.withReadable { machine.lineReceived(UnsafeRawBufferPointer(rebasing: $0.prefix(length)).bytes, into: &output) }
    }
    let line = input.withReadable { String(decoding: $0.prefix(length), as: UTF8.self) }
    let other = settings.replyFilter.value(for: line) ?? line
    return Array(other.utf8).withUnsafeBytes { machine.lineReceived($0.bytes, into: &output) }
  }

  private func receive() async throws(Trouble) {
    let awaited = machine.awaited
    switch await stream.read(into: &input, deadline: stream.now + settings.times.limit(awaited)) {
    case .received: return
    case .timedOut: throw .timedOut(awaited.activity)
    case .endOfStream, .interrupted, .failed: throw .lost(awaited.activity)
    }
  }

  /// Writes all that is due; the limit is for each part that the server takes.
  func flush(_ activity: String, _ limit: Duration) async throws(Trouble) {
    noteCommands()
    defer { noted = output.count }
    switch await stream.write(&output, deadline: stream.now + limit) {
    case .written: return
    case .timedOut: throw .timedOut(activity)
    // What it said before it went counts more: that is still to be read.
    case .failed where stream.hasNews:
      output.removeAll()
      wasRefusedMidway = true
    case .failed: throw .lost(activity)
    }
  }

  // MARK: what the postmaster may want to know

  func keepTranscript() { transcript = TranscriptLines() }

  /// Before what is in the output is sent, and before content is.
  private func noteCommands() {
    guard transcript != nil, !isSendingContent else { return }
    let mayBeSecret = machine.awaited == .auth
    output.withReadable { output in
      TranscriptLines.forEach(in: output.slice(noted, output.count)) { line in
        let isAnswer = mayBeSecret && !line.slice(0, 5).equalsIgnoringCase("AUTH ")
        if isAnswer { transcript?.append(line.slice(0, 0), .sent, hidden: "*") } else { transcript?.append(command: line, .sent) }
      }
    }
    noted = output.count
  }

  /// What is put into the output from now on is content.
  func beginContent() {
    noteCommands()
    isSendingContent = true
  }

  func endContent(_ form: ContentForm) {
    isSendingContent = false
    noted = output.count
    if form == .lines { [UInt8(ascii: ".")].withUnsafeBytes { transcript?.append($0, .sent) } }
  }

  func note(refusal reply: ServerReply) { if reply.tellsOfProtocolError { isMisunderstood = true } }

  func note(_ trouble: Trouble) {
    switch trouble {
    case .refused(let reply, _): note(refusal: reply)
    case .nonsense: isMisunderstood = true
    default: break
    }
  }

  /// What was said since the last message, where the postmaster is to know it.
  func takeMisunderstanding() -> [[UInt8]]? {
    defer {
      transcript?.beginAnew()
      isMisunderstood = false
    }
    return isMisunderstood ? transcript?.all : nil
  }

  private func trouble(_ failure: ClientFailure) -> Trouble {
    switch failure {
    case .refused(let reply): .refused(reply, answered)
    case .notSMTP, .misused: .nonsense("no SMTP", answered)
    }
  }

  /// Says QUIT with what is to be written next, which is the end of the content: RFC 2920 §3.1 lets commands follow it. Not where its answer is wanted.
  func sayGoodbye() {
    guard settings.skipsQuitResponse, machine.extensions.offers("PIPELINING"), !hasSaidGoodbye else { return }
    hasSaidGoodbye = true
    output.append("QUIT\r\n")
  }

  /// Ends it: QUIT, and the answer to it if that is wanted.
  func end() async {
    defer { stream.close() }
    guard !machine.isOver, !machine.isBusy, !hasSaidGoodbye else { return }
    let action = machine.quit(into: &output)
    _ = await stream.write(&output, deadline: stream.now + settings.times.quit)
    if !settings.skipsQuitResponse { _ = try? await advance(action) }
  }

  func close() { stream.close() }
}

extension SMTPClientSettings.Times {
  /// How long the reply may take.
  func limit(_ command: ClientCommand) -> Duration {
    switch command {
    case .greeting, .ehlo, .helo, .lhlo, .startTLS, .auth: helo
    case .mail: mail
    case .recipient: rcpt
    case .data: dataInit
    case .end: dataDone
    case .reset: rset
    case .forward: xforward
    case .quit: quit
    }
  }
}

extension RelaySession.Trouble {
  /// In Postfix's words. `isSkipping`: 5xx in a greeting counts as 4xx.
  func reason(_ host: RelayHost, isSkipping: Bool) -> Reason {
    switch self {
    case .refused(let reply, let command):
      let isSoft = isSkipping && command == .greeting && reply.code >= 500
      let status = isSoft ? "4" + reply.statusText.dropFirst() : reply.statusText
      return Reason(status: status, text: "host \(host) refused to talk to me: \(reply.summary)")
    case .lost(let activity): return Reason(status: "4.4.2", text: "lost connection with \(host) while \(activity)")
    case .timedOut(let activity): return Reason(status: "4.4.2", text: "conversation with \(host) timed out while \(activity)")
    case .nonsense(let words, let command): return Reason(status: "4.5.0", text: "host \(host) said: \(words) (in reply to \(command.name))")
    case .unreadable: return Reason(status: "4.3.0", text: "local data error while talking to \(host)")
    case .policy(let reason): return reason
    }
  }

  /// What a report quotes of the server.
  var reply: ServerReply? {
    if case .refused(let reply, _) = self { reply } else { nil }
  }
}

extension RelayHost: CustomStringConvertible {}
