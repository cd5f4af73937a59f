// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One SMTP or LMTP session, from the server's side: an event in, an `Action` out. RFC 5321 §4, RFC 2033.
///
/// Pure: it never waits, reads or writes. The caller performs each action before the next event.
/// Idle, it holds no heap memory of its own but the name the client gave.
package struct ServerMachine: ~Copyable {
  let context: ServerContext
  /// The client that connected, or the one that XCLIENT put in its place.
  package internal(set) var client: Client
  package internal(set) var tls: TLSFacts?
  /// The argument of HELO, EHLO or LHLO; empty before.
  package internal(set) var heloName = ""
  /// The transaction under way; on `.commit`, the one to commit.
  package internal(set) var transaction: Transaction?
  /// Set by the server while the spool has no room: MAIL is then answered with 452.
  package var storageIsLow = false
  var pending: Pending?
  var judging: Judging?
  /// XFORWARD.
  var forwarded: Forwarded?
  var notice: Notice?
  var counts = CommandCounts()
  var errorCount = 0
  var junkCount = 0
  var chunk = Chunk()
  var stage = Stage.command
  var lastCommand = LastCommand.none
  /// Whether that command has had its reply.
  var isCounted = true
  var isExtended = false
  /// The client was refused when it came; only QUIT is left to it.
  var isDenied = false
  /// RFC 2920 §3.1: the client has once not waited where it must.
  package internal(set) var hasImproperPipelining = false
  var privileges: Privileges = []
  /// What is hidden from this client only.
  var discarded: Set<String>?

  enum Stage: UInt8 { case command, judging, resolving, verifying, content, chunk, committing, tls, closed }

  /// The command that the session is at, for the log.
  enum LastCommand { case none, unknown, verb(Verb) }

  package init(context: ServerContext, client: Client, tls: TLSFacts? = nil) {
    self.context = context
    self.client = client
    self.tls = tls
    takePrivileges()
  }

  var configuration: ServerConfiguration { _read { yield context.configuration } }

  // MARK: Events of the connection

  /// The connection stands. Answers with the greeting (RFC 5321 §4.2: 220).
  package mutating func connected() -> Action {
    guard let refusal = certificateRefusal else { return greeting() }
    notice = certificateNotice
    return close([refusal])
  }

  private mutating func greeting() -> Action {
    isJudged(.connect) ? judge(JudgementRequest(.connect), then: .connect) : .reply(context.banner)
  }

  /// The handshake that `.startTLS` asked for has succeeded. RFC 3207 §4.2: the session starts over, without a greeting.
  package mutating func tlsStarted(_ facts: TLSFacts) {
    tls = facts
    heloName = ""
    isExtended = false
    dropTransaction()
    stage = .command
    notice = certificateRefusal == nil ? nil : certificateNotice
  }

  /// Nothing came for `smtpd_timeout` seconds.
  package mutating func timedOut() -> Action {
    notice = .info("timeout after \(place) from \(client.description)")
    return close([Replies.timedOut(configuration.myhostname)])
  }

  /// The server is going down; the session may end now.
  package mutating func shutdownBegan() -> Action { close([Replies.shuttingDown(configuration.myhostname)]) }

  /// The client went away without QUIT.
  package mutating func connectionLost() {
    if stage == .closed { return }
    notice = .info("lost connection after \(place) from \(client.description)")
    _ = close([])
  }

  // MARK: Events of commands

  /// A complete line, without its line ending.
  ///
  /// `isBareNewline`: it ended in LF without CR. `hasMoreInput`: the client has already sent something after it.
  package mutating func lineReceived(_ line: RawSpan, isBareNewline: Bool = false, hasMoreInput: Bool = false) -> Action {
    notice = nil
    guard stage == .command else { return close([Replies.notSynchronized]) }
    if let refusal = certificateRefusal { return close([refusal]) }
    if isBareNewline {
      if bareNewlineMode == .reject { return close([bareNewlineRefusal]) }
      if bareNewlineMode == .note { noteBareNewline() }
    }
    return line.withUnsafeBytes { filtered($0, hasMoreInput: hasMoreInput) }
  }

  /// A line over `line_length_limit` has been skipped.
  package mutating func lineOverflowed() -> Action {
    notice = nil
    lastCommand = .unknown
    isCounted = false
    return finish(nil, .reply(Replies.lineTooLong))
  }

  // MARK: What the server asks

  /// So many seconds to wait before the reply of the last action is sent: `smtpd_error_sleep_time` once the client has
  /// made `smtpd_soft_error_limit` errors.
  package var replyDelay: Int { errorCount >= configuration.smtpdSoftErrorLimit ? configuration.smtpdErrorSleepTime : 0 }

  /// Whether content collected so far belongs to the transaction. When false after an action was performed, drop it.
  package var holdsContent: Bool {
    switch stage {
    case .content, .chunk, .committing: true
    case .judging: judging?.holdsContent ?? false || chunk.state == .good
    default: chunk.state == .good
    }
  }

  /// Whether bytes that come now are content.
  package var expectsContent: Bool { stage == .content || stage == .chunk }

  /// Whether there is a transaction in which a recipient was accepted.
  package var hasRecipients: Bool { transaction?.recipients.isEmpty == false }

  /// Takes the log line that the last event gave rise to.
  package mutating func takeNotice() -> Notice? {
    defer { notice = nil }
    return notice
  }

  /// `ehlo=1 mail=1 … commands=5`, for the line `disconnect from …`.
  package var commandSummary: String { counts.summary }

  /// For `proto=` in log lines.
  package var protocolName: String { configuration.service == .lmtp ? "LMTP" : isExtended ? "ESMTP" : "SMTP" }
}
