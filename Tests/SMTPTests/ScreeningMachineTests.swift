// SPDX-License-Identifier: Apache-2.0
import SMTP
import Testing

@Suite struct ScreeningMachineTests {
  private static let refusal = ScreeningReplies.protocolError

  private func machine(
    refusal: Reply? = refusal, _ tests: [ScreeningMachine.Test: ScreeningMachine.Consequence] = [:],
    _ change: (inout ScreeningMachine.Settings) -> Void = { _ in }
  ) -> ScreeningMachine {
    var settings = ScreeningMachine.Settings()
    settings.host = "mx.example.test"
    settings.keywords = ["SIZE 1000", "STARTTLS", "DSN"]
    change(&settings)
    return ScreeningMachine(settings, tests: tests, refusal: refusal)
  }

  private func say(_ line: String, _ machine: inout ScreeningMachine, bare: Bool = false, rest: String = "") -> ScreeningMachine.Answer {
    Array(rest.utf8).withUnsafeBytes { rest in
      Array(line.utf8).withUnsafeBytes { machine.lineReceived($0, isBareNewline: bare, rest: rest) }
    }
  }

  @Test func everyRecipientIsRefusedAndLogged() {
    var machine = machine()
    #expect(say("EHLO spike.example", &machine).reply.lines == ["mx.example.test", "SIZE 1000", "STARTTLS", "DSN"])
    #expect(say("MAIL FROM:<a@example.net>", &machine).reply.code == 250)
    let answer = say("RCPT TO:<b@example.test>", &machine)
    #expect(answer.reply.summary == "550 5.5.1 Protocol error")
    #expect(
      answer.notices == [
        "NOQUEUE: reject: RCPT from %: 550 5.5.1 Protocol error; from=<a@example.net>, to=<b@example.test>, proto=ESMTP, helo=<spike.example>"
      ])
    let data = say("DATA", &machine)
    #expect(data.closes && data.reply.summary == "554 5.5.1 Error: no valid recipients" && data.notices == ["DATA without valid RCPT from %"])
    #expect(machine.results.isEmpty)
  }

  @Test(arguments: [
    ("", 502), ("NOOP", 250), ("RSET", 250), ("VRFY", 501), ("VRFY x", 550), ("ETRN x", 458), ("ETRN", 500), ("STARTTLS", 502), ("AUTH PLAIN", 502),
    ("XCLIENT NAME=x", 502), ("BDAT 1", 554), ("RSET x", 501), ("DATA x", 501), ("MAIL", 501), ("RCPT TO:<x@y>", 503), ("HELO", 501), ("HELO x", 250),
    ("FOO", 502), ("QUIT", 221), ("DATA", 503),
  ])
  func commands(line: String, code: Int) {
    var machine = machine()
    let answer = say(line, &machine)
    #expect(Int(answer.reply.code) == code)
    #expect(answer.closes == ["QUIT", "DATA", "BDAT 1"].contains(line))
  }

  @Test func theNumberOfCommandsIsLimited() {
    var machine = machine()
    for _ in 0..<20 { #expect(say("NOOP", &machine).reply.code == 250) }
    let last = say("NOOP", &machine)
    #expect(last.closes && last.reply.code == 421 && last.notices == ["COMMAND COUNT LIMIT from % after NOOP"])
  }

  @Test func whoPassesIsAskedToComeAgain() {
    var machine = machine(refusal: nil, [.pipelining: .enforce])
    _ = say("EHLO x", &machine)
    _ = say("MAIL FROM:<>", &machine)
    #expect(machine.results.isEmpty)
    #expect(say("RCPT TO:<b@example.test>", &machine).reply.summary == "450 4.3.2 Service currently unavailable")
    #expect(machine.results == [.pipelining: .passed])
  }

  @Test(arguments: ScreeningMachine.Consequence.allCases) func pipelining(consequence: ScreeningMachine.Consequence) {
    var machine = machine(refusal: nil, [.pipelining: consequence, .bareNewline: .enforce])
    let answer = say("EHLO x", &machine, rest: "MAIL\r\n")
    #expect(answer.notices == [#"COMMAND PIPELINING from % after EHLO: MAIL\r\n"#])
    #expect(answer.closes == (consequence == .drop))
    #expect(answer.reply.code == (consequence == .drop ? 521 : 250))
    if consequence == .drop { return }
    #expect(say("MAIL FROM:<>", &machine, rest: "X").notices.isEmpty)
    let recipient = say("RCPT TO:<b@example.test>", &machine)
    #expect(recipient.reply.code == (consequence == .ignore ? 450 : 550))
    #expect(machine.results == (consequence == .ignore ? [.pipelining: .ignored, .bareNewline: .passed] : [.pipelining: .failed]))
  }

  @Test(arguments: ["GET / HTTP/1.0", "Subject: x", "get /"]) func otherProtocols(line: String) {
    var machine = machine(refusal: nil, [.nonSMTPCommand: .drop]) { $0.forbidsCommand = { $0.uppercased() == "GET" } }
    let answer = say(line, &machine)
    #expect(answer.closes && answer.reply.summary == "521 5.7.0 Error: I can break rules, too. Goodbye.")
    #expect(answer.notices == ["NON-SMTP COMMAND from % after CONNECT: \(line)"])
  }

  @Test func bareNewlines() {
    var machine = machine(refusal: nil, [.bareNewline: .enforce])
    #expect(say("EHLO x", &machine, bare: true).notices == ["BARE NEWLINE from % after EHLO x"])
    _ = say("MAIL FROM:<>", &machine)
    #expect(say("RCPT TO:<b@example.test>", &machine).reply.code == 550)
  }

  @Test func withinTLSTheSessionStartsOver() {
    var machine = machine { ($0.tlsLevel, $0.heloRequired) = (.encrypt, true) }
    #expect(say("EHLO x", &machine).reply.code == 250)
    #expect(say("MAIL FROM:<>", &machine).reply.code == 530)
    #expect(say("STARTTLS x", &machine).reply.code == 501)
    let start = say("STARTTLS", &machine)
    #expect(start.startsTLS && start.reply.code == 220)
    machine.tlsStarted()
    #expect(say("MAIL FROM:<>", &machine).reply.code == 503)
    #expect(say("EHLO x", &machine).reply.lines == ["mx.example.test", "SIZE 1000", "DSN"])
    #expect(say("STARTTLS", &machine).reply.code == 554)
    #expect(say("MAIL FROM:<>", &machine).reply.code == 250)
  }

  @Test func aLineThatIsTooLongEndsIt() {
    let machine = machine()
    let answer = machine.overflowed()
    #expect(answer.closes && answer.reply.code == 421 && answer.notices == ["COMMAND LENGTH LIMIT from % after CONNECT"])
  }
}
