// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing

@Suite struct ClientMachineTests {
  /// A client whose server is the test: lines go in, commands and actions come out.
  final class Dialogue {
    private var machine: ClientMachine
    private var output = ByteBuffer()

    init(_ service: ClientRules.Service = .smtp, _ change: (inout ClientRules) -> Void = { _ in }) {
      var rules = ClientRules(service: service, heloName: "me.example")
      change(&rules)
      machine = ClientMachine(rules)
    }

    /// Gives the machine lines; answers with the last action.
    func receive(_ lines: String...) -> ClientAction {
      var action = ClientAction.receive
      for line in lines { Array(line.utf8).withUnsafeBytes { action = machine.lineReceived($0.bytes, into: &output) } }
      return action
    }

    func begin(_ message: OutgoingMessage) -> ClientAction { machine.begin(message, into: &output) }
    func contentSent() -> ClientAction { machine.contentSent() }
    func startTLS() -> ClientAction { machine.startTLS(into: &output) }
    func secured() -> ClientAction { machine.secured(into: &output) }
    func authenticate(_ command: String) -> ClientAction { machine.authenticate(command, into: &output) }
    func respond(_ answer: String) -> ClientAction { machine.respond(answer, into: &output) }
    func quit() -> ClientAction { machine.quit(into: &output) }
    var isBusy: Bool { machine.isBusy }

    /// What the machine has said since the last call.
    var sent: [String] {
      let text = String(decoding: output.array(), as: UTF8.self)
      output.removeAll()
      return text.split(separator: "\r\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
  }

  private static let message: OutgoingMessage = {
    var message = OutgoingMessage(
      sender: "s@a.example", recipients: [.init("x y@b.example", notify: "NEVER"), .init("z@b.example", originalRecipient: "rfc822;z+1@c.example")])
    message.size = 5
    return message
  }()
  private static let commands = ["MAIL FROM:<s@a.example>", "RCPT TO:<\"x y\"@b.example>", "RCPT TO:<z@b.example>", "DATA"]
  private static let ok = ClientAnswer(ServerReply(250, EnhancedStatus(2, 0, 0), words: "250 2.0.0 Ok"), to: .end)
  private static let unknown = ClientAnswer(ServerReply(550, EnhancedStatus(5, 1, 1), words: "550 5.1.1 unknown"), to: .recipient)

  /// A client that has been introduced to a server with these extensions.
  private func introduced(_ service: ClientRules.Service = .smtp, pipelining: Bool = true) -> Dialogue {
    let dialogue = Dialogue(service)
    #expect(dialogue.receive("220 hi") == .receive)
    #expect(dialogue.sent == [service == .lmtp ? "LHLO me.example" : "EHLO me.example"])
    #expect(dialogue.receive("250-them", "250 \(pipelining ? "PIPELINING" : "SIZE 1000")") == .ready)
    return dialogue
  }

  @Test func commandsGoOutTogether() {
    let dialogue = introduced()
    #expect(dialogue.begin(ClientMachineTests.message) == .receive)
    #expect(dialogue.sent == ClientMachineTests.commands)
    #expect(dialogue.receive("250 2.0.0 Ok", "550 5.1.1 unknown", "250 2.0.0 Ok", "354 go") == .sendContent(.lines))
    #expect(dialogue.contentSent() == .receive)
    #expect(dialogue.isBusy)
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([ClientMachineTests.unknown, ClientMachineTests.ok]))
    #expect(!dialogue.isBusy)
    #expect(dialogue.quit() == .receive)
    #expect(dialogue.sent == ["QUIT"])
    #expect(dialogue.receive("221 bye") == .closed)
  }

  /// Who took 354 for a yes would count the message as delivered.
  @Test(arguments: [
    ("354 go", "250 2.1.5 Ok", "250 2.0.0 Ok", ClientCommand.mail), ("250 2.1.0 Ok", "354 go", "250 2.0.0 Ok", .recipient),
    ("250 2.1.0 Ok", "250 2.1.5 Ok", "354 go", .end),
  ])
  func goOnIsNoYes(sender: String, recipient: String, end: String, refused: ClientCommand) {
    let dialogue = introduced()
    _ = dialogue.begin(OutgoingMessage(sender: "", recipients: [.init("z@b.example")]))
    var action = dialogue.receive(sender, recipient, "354 go")
    if action == .sendContent(.lines) { _ = dialogue.contentSent() }
    if action != .completed([]) { action = dialogue.receive(end) }
    #expect(action == .completed([ClientAnswer(ServerReply(500, EnhancedStatus(5, 5, 0), words: "354 go"), to: refused)]))
  }

  @Test func aYesToDataIsNone() {
    let dialogue = introduced()
    _ = dialogue.begin(OutgoingMessage(sender: "", recipients: [.init("z@b.example")]))
    let action = dialogue.receive("250 2.1.0 Ok", "250 2.1.5 Ok", "250 fine")
    #expect(action == .completed([ClientAnswer(ServerReply(500, EnhancedStatus(5, 5, 0), words: "250 fine"), to: .data)]))
  }

  /// Only what the server asks for is told; that it does not like it changes nothing.
  @Test func forwarding() {
    let dialogue = Dialogue()
    _ = dialogue.receive("220 hi", "250-them", "250-XFORWARD NAME ADDR HELO", "250 PIPELINING")
    _ = dialogue.sent
    var message = OutgoingMessage(sender: "", recipients: [.init("z@b.example")])
    message.forward = [[("NAME", "a.test"), ("ADDR", "192.0.2.1"), ("PORT", "5")], [("PROTO", "ESMTP"), ("HELO", "x+y z"), ("SOURCE", "LOCAL")]]
    _ = dialogue.begin(message)
    #expect(dialogue.sent == ["XFORWARD NAME=a.test ADDR=192.0.2.1", "XFORWARD HELO=x+2By+20z", "MAIL FROM:<>", "RCPT TO:<z@b.example>", "DATA"])
    #expect(dialogue.receive("250 ok", "501 what?", "250 ok", "250 ok", "354 go") == .sendContent(.lines))
    let plain = introduced()
    _ = plain.begin(message)
    #expect(plain.sent == ["MAIL FROM:<>", "RCPT TO:<z@b.example>", "DATA"])
  }

  /// A question ends after RCPT; what was begun is taken back before the next message.
  @Test func questions() {
    for pipelining in [true, false] {
      let dialogue = introduced(pipelining: pipelining)
      var question = OutgoingMessage(sender: "", recipients: [.init("z@b.example")])
      question.probe = .recipients
      _ = dialogue.begin(question)
      #expect(dialogue.sent == (pipelining ? ["MAIL FROM:<>", "RCPT TO:<z@b.example>"] : ["MAIL FROM:<>"]))
      _ = dialogue.receive("250 2.1.0 Ok")
      let answer = ClientAnswer(ServerReply(250, EnhancedStatus(2, 1, 5), words: "250 2.1.5 Ok"), to: .recipient)
      #expect(dialogue.receive("250 2.1.5 Ok") == .completed([answer]))
      _ = dialogue.sent
      _ = dialogue.begin(question)
      #expect(dialogue.sent.first == "RSET")
      #expect(dialogue.receive("250 2.0.0 Ok", "250 2.1.0 Ok", "550 5.1.1 unknown") == .completed([ClientMachineTests.unknown]))
    }
  }

  @Test func questionsUpToData() {
    let dialogue = introduced()
    var question = OutgoingMessage(sender: "", recipients: [.init("z@b.example")])
    question.probe = .data
    _ = dialogue.begin(question)
    #expect(dialogue.sent == ["MAIL FROM:<>", "RCPT TO:<z@b.example>", "DATA"])
    let go = ClientAnswer(ServerReply(354, words: "354 go"), to: .data)
    #expect(dialogue.receive("250 2.1.0 Ok", "250 2.1.5 Ok", "354 go") == .completed([go]))
    #expect(dialogue.quit() == .closed, "nothing more may be said")
    let other = introduced()
    _ = other.begin(question)
    let no = ClientAnswer(ServerReply(550, EnhancedStatus(5, 1, 1), words: "550 5.1.1 no"), to: .data)
    #expect(other.receive("250 2.1.0 Ok", "250 2.1.5 Ok", "550 5.1.1 no") == .completed([no]))
  }

  @Test func commandsGoOutOneByOneWithoutPipelining() {
    let dialogue = introduced(pipelining: false)
    _ = dialogue.begin(ClientMachineTests.message)
    for (index, command) in ClientMachineTests.commands.enumerated() {
      #expect(dialogue.sent == [index == 0 ? command + " SIZE=5" : command])
      #expect(dialogue.receive(index == 3 ? "354 go" : "250 2.0.0 Ok") == (index == 3 ? .sendContent(.lines) : .receive))
    }
    _ = dialogue.contentSent()
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([ClientMachineTests.ok, ClientMachineTests.ok]))
  }

  @Test func lmtpAnswersForEachRecipient() {
    let dialogue = introduced(.lmtp)
    _ = dialogue.begin(ClientMachineTests.message)
    #expect(dialogue.receive("250 Ok", "250 Ok", "250 Ok", "354 go") == .sendContent(.lines))
    #expect(dialogue.contentSent() == .receive)
    #expect(dialogue.receive("550 5.1.1 unknown") == .receive)
    let unknown = ClientAnswer(ClientMachineTests.unknown.reply, to: .end)
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([unknown, ClientMachineTests.ok]))
  }

  @Test(arguments: [true, false])
  func aRefusedSenderIsTheAnswerForAll(pipelining: Bool) {
    let dialogue = introduced(pipelining: pipelining)
    _ = dialogue.begin(ClientMachineTests.message)
    let more = pipelining ? ["503 no", "503 no", "503 no"] : []
    var action = dialogue.receive("550 5.1.1 unknown")
    for line in more { action = dialogue.receive(line) }
    let unknown = ClientAnswer(ClientMachineTests.unknown.reply, to: .mail)
    #expect(action == .completed([unknown, unknown]))
  }

  @Test func withoutRecipientsTheTransactionIsResetBeforeTheNext() {
    let dialogue = introduced()
    _ = dialogue.begin(ClientMachineTests.message)
    let replies = [ClientMachineTests.unknown, ClientMachineTests.unknown]
    #expect(dialogue.receive("250 Ok", "550 5.1.1 unknown", "550 5.1.1 unknown", "554 none") == .completed(replies))
    _ = dialogue.sent
    _ = dialogue.begin(ClientMachineTests.message)
    #expect(dialogue.sent == ["RSET"] + ClientMachineTests.commands)
  }

  @Test func withoutRecipientsNoDataIsSentOneByOne() {
    let dialogue = introduced(pipelining: false)
    _ = dialogue.begin(ClientMachineTests.message)
    let replies = [ClientMachineTests.unknown, ClientMachineTests.unknown]
    #expect(dialogue.receive("250 Ok", "550 5.1.1 unknown", "550 5.1.1 unknown") == .completed(replies))
    #expect(!dialogue.sent.contains("DATA"))
  }

  @Test func dataTakenForNobodyIsEnded() {
    let dialogue = introduced()
    _ = dialogue.begin(ClientMachineTests.message)
    _ = dialogue.sent
    #expect(dialogue.receive("250 Ok", "550 5.1.1 unknown", "550 5.1.1 unknown", "354 go") == .receive)
    #expect(dialogue.sent == ["."])
    #expect(dialogue.receive("554 none") == .completed([ClientMachineTests.unknown, ClientMachineTests.unknown]))
  }

  @Test(arguments: [("MAIL FROM", 0), ("RCPT TO", 2), ("DATA", 3)])
  func aServerMayEndTheSessionInATransaction(command: String, answers: Int) {
    let dialogue = introduced()
    _ = dialogue.begin(ClientMachineTests.message)
    for _ in 0..<answers { #expect(dialogue.receive("250 Ok") == .receive) }
    guard case .completed(let replies) = dialogue.receive("421 4.3.2 going") else { return #expect(Bool(false)) }
    #expect(replies.map(\.reply.words) == ["421 4.3.2 going", "421 4.3.2 going"])
    #expect(replies.allSatisfy { $0.command.name == "\(command) command" })
    #expect(dialogue.quit() == .closed)
  }

  @Test func aServerMayEndTheSessionBetweenMessages() {
    let dialogue = introduced()
    #expect(dialogue.receive("421 4.4.2 timeout") == .failed(.refused(ServerReply(421, EnhancedStatus(4, 4, 2), words: "421 4.4.2 timeout"))))
    #expect(dialogue.quit() == .closed)
  }

  @Test(arguments: ["", "25", "abc", "199 x", "600 x", "250x"])
  func whatIsNoReply(line: String) { #expect(Dialogue().receive(line) == .failed(.notSMTP)) }

  @Test func aGreetingMayRefuse() {
    #expect(Dialogue().receive("554-no", "554 way") == .failed(.refused(ServerReply(554, nil, words: "554-no\n554 way"))))
  }

  @Test func anAnswerToNothing() {
    let dialogue = introduced()
    #expect(dialogue.receive("250 Ok") == .failed(.notSMTP))
  }

  @Test func addressesCannotBecomeCommands() {
    let dialogue = introduced()
    _ = dialogue.begin(OutgoingMessage(sender: "", recipients: [.init("a\r\nQUIT@b"), .init("a@b\r\nc")]))
    #expect(dialogue.sent == ["MAIL FROM:<>", "RCPT TO:<\"a??QUIT\"@b>", "RCPT TO:<a@b??c>", "DATA"])
  }

  @Test func extensionsAreRead() {
    let reply = ServerReply(250, nil, words: "250-host\n250-SIZE 1234\n250-pipelining\n250-AUTH PLAIN login\n250 AUTH=LOGIN")
    let extensions = ServerExtensions(reply, ignoring: ["DSN"])
    #expect(extensions.sizeLimit == 1234)
    #expect(extensions.offers("PIPELINING") && extensions.offers("AUTH") && !extensions.offers("DSN"))
    #expect(extensions.mechanisms == ["PLAIN", "LOGIN", "LOGIN"])
  }

  @Test func whatIsOfferedIsUsed() {
    let dialogue = Dialogue()
    _ = dialogue.receive("220 hi", "250-them", "250-PIPELINING", "250-SIZE 5", "250-8BITMIME", "250-SMTPUTF8", "250 DSN")
    _ = dialogue.sent
    var message = ClientMachineTests.message
    message.body = .eightBitMIME
    message.needsSMTPUTF8 = true
    message.returnContent = .headers
    message.envelopeID = "a=b"
    _ = dialogue.begin(message)
    #expect(
      dialogue.sent == [
        "MAIL FROM:<s@a.example> SIZE=5 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+3Db", "RCPT TO:<\"x y\"@b.example> NOTIFY=NEVER",
        "RCPT TO:<z@b.example> ORCPT=rfc822;z+2B1@c.example", "DATA",
      ])
  }

  @Test func whatAServerCannotTakeIsNotSent() {
    let dialogue = Dialogue()
    _ = dialogue.receive("220 hi", "250-them", "250 SIZE 4")
    _ = dialogue.sent
    #expect(dialogue.begin(ClientMachineTests.message) == .objected(.tooBig(limit: 4)))
    var message = OutgoingMessage(sender: "", recipients: [.init("ü@b.example")])
    message.needsSMTPUTF8 = true
    #expect(dialogue.begin(message) == .objected(.needsSMTPUTF8))
    #expect(dialogue.sent.isEmpty && !dialogue.isBusy)
  }

  @Test func aServerWithoutEHLOIsGreetedByHELO() {
    let dialogue = Dialogue()
    _ = dialogue.receive("220 hi")
    #expect(dialogue.receive("502 5.5.2 what?") == .receive)
    #expect(dialogue.sent == ["EHLO me.example", "HELO me.example"])
    #expect(dialogue.receive("250 them") == .ready)
  }

  @Test(arguments: [("220 hi ESMTP x", ClientRules.Hello.whereGreeted, "EHLO"), ("220 hi", .whereGreeted, "HELO"), ("220 ESMTP", .plain, "HELO")])
  func howServersAreGreeted(greeting: String, hello: ClientRules.Hello, command: String) {
    let dialogue = Dialogue { $0.hello = hello }
    _ = dialogue.receive(greeting)
    #expect(dialogue.sent == ["\(command) me.example"])
  }

  @Test(arguments: [true, false])
  func chunksNeedNoDATA(pipelining: Bool) {
    let dialogue = Dialogue { $0.usesChunks = true }
    _ = dialogue.receive("220 hi", "250-them", "250-\(pipelining ? "PIPELINING" : "X")", "250 CHUNKING")
    _ = dialogue.sent
    _ = dialogue.begin(ClientMachineTests.message)
    #expect(dialogue.receive("250 Ok", "550 5.1.1 unknown") == .receive)
    #expect(dialogue.receive("250 Ok") == .sendContent(.chunk))
    #expect(dialogue.sent == Array(ClientMachineTests.commands.dropLast()))
    #expect(dialogue.contentSent() == .receive)
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([ClientMachineTests.unknown, ClientMachineTests.ok]))
  }

  @Test func noChunkForNobody() {
    let dialogue = Dialogue { $0.usesChunks = true }
    _ = dialogue.receive("220 hi", "250-them", "250-PIPELINING", "250 CHUNKING")
    _ = dialogue.begin(ClientMachineTests.message)
    _ = dialogue.sent
    #expect(
      dialogue.receive("250 Ok", "550 5.1.1 unknown", "550 5.1.1 unknown") == .completed([ClientMachineTests.unknown, ClientMachineTests.unknown]))
    _ = dialogue.begin(ClientMachineTests.message)
    #expect(dialogue.sent.first == "RSET")
  }

  @Test func securityIsNegotiated() {
    let dialogue = Dialogue()
    _ = dialogue.receive("220 hi", "250-them", "250 STARTTLS")
    _ = dialogue.sent
    #expect(dialogue.startTLS() == .receive)
    #expect(dialogue.receive("220 go") == .startTLS)
    #expect(dialogue.secured() == .receive)
    #expect(dialogue.sent == ["STARTTLS", "EHLO me.example"])
    #expect(dialogue.receive("250-them", "250 AUTH PLAIN") == .ready)
    #expect(dialogue.authenticate("AUTH PLAIN AGEAYg==") == .receive)
    #expect(dialogue.receive("334 eA==") == .challenged("eA=="))
    #expect(dialogue.respond("*") == .receive)
    #expect(dialogue.sent == ["AUTH PLAIN AGEAYg==", "*"])
    let refusal = ServerReply(501, EnhancedStatus(5, 0, 0), words: "501 5.0.0 given up")
    #expect(dialogue.receive("501 5.0.0 given up") == .authenticationRefused(refusal))
    #expect(dialogue.authenticate("AUTH PLAIN") == .receive)
    #expect(dialogue.receive("235 yes") == .authenticated(ServerReply(235, nil, words: "235 yes")))
  }

  @Test func aServerMayRefuseTLS() {
    let dialogue = Dialogue()
    _ = dialogue.receive("220 hi", "250 them")
    _ = dialogue.startTLS()
    #expect(dialogue.receive("454 4.7.0 no") == .tlsRefused(ServerReply(454, EnhancedStatus(4, 7, 0), words: "454 4.7.0 no")))
    #expect(dialogue.begin(ClientMachineTests.message) == .receive)
  }

  @Test func manyRecipientsGoInWindows() {
    let dialogue = introduced()
    _ = dialogue.begin(OutgoingMessage(sender: "", recipients: (0..<300).map { .init("a\($0)@b") }))
    #expect(dialogue.sent.count == 200)
    for _ in 0..<100 { #expect(dialogue.receive("250 Ok") == .receive) }
    #expect(dialogue.sent.count == 100)
    for _ in 0..<201 { _ = dialogue.receive("250 Ok") }
    #expect(dialogue.sent == ["RCPT TO:<a299@b>", "DATA"])
    #expect(dialogue.receive("354 go") == .sendContent(.lines))
  }
}
