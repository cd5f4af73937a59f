// SPDX-License-Identifier: Apache-2.0
import SMTP

/// Plays transcripts on the pure machine.
package struct Player {
  /// How the client's bytes arrive.
  package enum Cut: Sendable { case whole, everyByte }

  package struct Mismatch: Error, CustomStringConvertible {
    package let description: String
  }

  private let transcript: Transcript
  private let cut: Cut
  private let session: MachineSession
  private var output: [String] = []
  private var queued: [MachineSession.Queued] = []
  private var content: [String]?

  package static func play(_ transcript: Transcript, cut: Cut) throws {
    let configuration = try TranscriptSettings.configuration(transcript.setup)
    var player = Player(transcript, ServerContext(configuration, meter: ScriptedMeter(transcript.setup.settings)), cut)
    try player.play()
  }

  private init(_ transcript: Transcript, _ context: ServerContext, _ cut: Cut) {
    self.transcript = transcript
    self.cut = cut
    session = MachineSession(context: context, setup: transcript.setup)
  }

  private mutating func play() throws {
    for step in transcript.steps {
      try perform(step)
      collect()
    }
    let end = transcript.steps.last?.line ?? 0
    try finishContent(end)
    try expect(output.isEmpty, end, "nothing more", output.joined(separator: "\n"))
    let left = session.queued.count - taken
    try expect(left == 0, end, "nothing more queued", "\(left) messages")
  }

  private var taken = 0

  private mutating func collect() {
    let text = String(decoding: session.takeOutput(), as: UTF8.self)
    output += text.split(separator: "\r\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  private mutating func perform(_ step: Transcript.Step) throws {
    if case .content(let line) = step.kind {
      content?.append(line)
      return
    }
    try finishContent(step.line)
    collect()
    switch step.kind {
    case .sends(let bytes): send(bytes)
    case .expects(let line): try compare(line, step.line)
    case .expectsClose: try expect(session.isClosed, step.line, "close", "open")
    case .hangup: session.connectionLost()
    case .tls: session.tlsStarted()
    case .timeout: session.timedOut()
    case .shutdown: session.shutdownBegan()
    case .delay(let seconds): try expect(session.delay == seconds, step.line, "\(seconds) s", "\(session.delay) s")
    case .log(let text):
      try expect(session.notices.last?.contains(text) ?? false, step.line, text, session.notices.last ?? "no log line")
    case .summary(let text): try expect(session.summary == text, step.line, text, session.summary)
    case .queue(let sender, let recipients): try queue(sender, recipients, step.line)
    case .content: break
    }
  }

  private func send(_ bytes: [UInt8]) {
    switch cut {
    case .whole: session.receive(bytes)
    case .everyByte: for byte in bytes { session.receive([byte]) }
    }
  }

  private mutating func compare(_ expected: String, _ line: Int) throws {
    try expect(!output.isEmpty, line, expected, session.isClosed ? "closed" : "nothing")
    let got = output.removeFirst()
    let pattern = expected.split(separator: "{id}", omittingEmptySubsequences: false)
    let isEqual = pattern.count == 2 ? got.hasPrefix(pattern[0]) && got.hasSuffix(pattern[1]) : got == expected
    try expect(isEqual, line, expected, got)
  }

  private mutating func queue(_ sender: String, _ recipients: [String], _ line: Int) throws {
    try expect(taken < session.queued.count, line, "a queued message", "none")
    let message = session.queued[taken]
    taken += 1
    try expect(message.sender == sender, line, "from=<\(sender)>", "from=<\(message.sender)>")
    try expect(message.recipients == recipients, line, "\(recipients)", "\(message.recipients)")
    content = []
  }

  /// Compares the content of the message last taken with the `=` lines, if there were any.
  private mutating func finishContent(_ line: Int) throws {
    defer { content = nil }
    guard let content, !content.isEmpty else { return }
    let expected = content.joined(separator: "\n") + "\n"
    let got = String(decoding: session.queued[taken - 1].content, as: UTF8.self)
    try expect(got == expected, line, expected.debugDescription, got.debugDescription)
  }

  private func expect(_ holds: Bool, _ line: Int, _ expected: String, _ got: String) throws {
    if holds { return }
    throw Mismatch(description: "\(transcript.name):\(line) (\(cut)): expected \(expected)\n  got \(got)")
  }
}
