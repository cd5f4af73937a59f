// SPDX-License-Identifier: Apache-2.0
import SMTP
import Testing

@Suite struct ScreeningMachineTests {
  private static let refusal = ScreeningMachine.pregreetRefusal(.enforce)

  private func machine(refusal: Reply? = refusal, _ change: (inout ScreeningMachine.Tests) -> Void = { _ in }) -> ScreeningMachine {
    var tests = ScreeningMachine.Tests()
    change(&tests)
    return ScreeningMachine(host: "mx.example.test", heloRequired: false, tests: tests, refusal: refusal)
  }

  private func say(_ line: String, _ machine: inout ScreeningMachine, bare: Bool = false, more: Bool = false) -> ScreeningMachine.Answer {
    Array(line.utf8).withUnsafeBytes { machine.lineReceived($0, isBareNewline: bare, hasMoreInput: more) }
  }

  @Test func everyRecipientIsRefusedAndLogged() {
    var machine = machine()
    #expect(say("EHLO spike.example", &machine).reply.lines == ["mx.example.test", "VRFY", "ETRN", "ENHANCEDSTATUSCODES", "8BITMIME", "DSN"])
    #expect(say("MAIL FROM:<a@example.net>", &machine).reply.code == 250)
    let answer = say("RCPT TO:<b@example.test>", &machine)
    #expect(answer.reply.summary == "550 5.5.1 Protocol error")
    #expect(
      answer.notices == [
        "NOQUEUE: reject: RCPT from %: 550 5.5.1 Protocol error; from=<a@example.net>, to=<b@example.test>, proto=ESMTP, helo=<spike.example>"
      ])
    let data = say("DATA", &machine)
    #expect(data.closes && data.reply.summary == "554 5.5.1 Error: no valid recipients" && data.notices == ["DATA without valid RCPT from %"])
    #expect(!machine.hasPassed)
  }

  @Test(arguments: [
    ("", 500), ("NOOP", 250), ("RSET", 250), ("VRFY", 501), ("VRFY x", 550), ("ETRN x", 458), ("ETRN", 500), ("STARTTLS", 502), ("AUTH PLAIN", 502),
    ("XCLIENT NAME=x", 502), ("MAIL", 501), ("RCPT TO:<x@y>", 503), ("HELO", 501), ("HELO x", 250), ("FOO", 500), ("QUIT", 221), ("DATA", 503),
  ])
  func commands(line: String, code: Int) {
    var machine = machine()
    let answer = say(line, &machine)
    #expect(Int(answer.reply.code) == code)
    #expect(answer.closes == ["QUIT", "DATA"].contains(line))
  }

  @Test func theNumberOfCommandsIsLimited() {
    var machine = machine()
    for _ in 0..<ScreeningMachine.maximumCommands { #expect(say("NOOP", &machine).reply.code == 250) }
    let last = say("NOOP", &machine)
    #expect(last.closes && last.reply.code == 421 && last.notices == ["COMMAND COUNT LIMIT from % after NOOP"])
  }

  @Test func whoPassesIsAskedToComeAgain() {
    var machine = machine(refusal: nil) { $0.pipelining = .enforce }
    _ = say("EHLO x", &machine)
    _ = say("MAIL FROM:<>", &machine)
    #expect(!machine.hasPassed)
    #expect(say("RCPT TO:<b@example.test>", &machine).reply.summary == "450 4.3.2 Service currently unavailable")
    #expect(machine.hasPassed)
  }

  @Test(arguments: ScreeningMachine.Consequence.allCases) func pipelining(consequence: ScreeningMachine.Consequence) {
    var machine = machine(refusal: nil) { $0.pipelining = consequence }
    let answer = say("EHLO x", &machine, more: true)
    #expect(answer.notices == ["COMMAND PIPELINING from % after EHLO"])
    #expect(answer.closes == (consequence == .drop))
    #expect(answer.reply.code == (consequence == .drop ? 521 : 250))
    if consequence == .drop { return }
    _ = say("MAIL FROM:<>", &machine)
    let recipient = say("RCPT TO:<b@example.test>", &machine)
    #expect(recipient.reply.code == (consequence == .ignore ? 450 : 550))
    #expect(machine.hasPassed == (consequence == .ignore))
  }

  @Test(arguments: ["GET / HTTP/1.0", "Subject: x", "\u{16}\u{3}", "get /"]) func otherProtocols(line: String) {
    var machine = machine(refusal: nil) {
      $0.nonSMTPCommand = .drop
      $0.forbiddenCommands = ["GET"]
    }
    let answer = say(line, &machine)
    #expect(answer.closes && answer.reply.summary == "521 5.5.1 Protocol error")
    #expect(answer.notices == ["NON-SMTP COMMAND from % after CONNECT: \(line)"])
  }

  @Test func bareNewlines() {
    var machine = machine(refusal: nil) { $0.bareNewline = .enforce }
    #expect(say("EHLO x", &machine, bare: true).notices == ["BARE NEWLINE from % after CONNECT"])
    _ = say("MAIL FROM:<>", &machine)
    #expect(say("RCPT TO:<b@example.test>", &machine).reply.code == 550)
  }
}
