// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing

@Suite struct ClientMachineTests {
  /// A client whose server is the test: lines go in, commands and actions come out.
  final class Dialogue {
    private var machine: ClientMachine
    private var output = ByteBuffer()

    init(_ service: ClientMachine.Service = .smtp) { machine = ClientMachine(service: service, heloName: "me.example") }

    /// Gives the machine lines; answers with the last action.
    func receive(_ lines: String...) -> ClientAction {
      var action = ClientAction.receive
      for line in lines { Array(line.utf8).withUnsafeBytes { action = machine.lineReceived($0.bytes, into: &output) } }
      return action
    }

    func begin(_ message: OutgoingMessage) -> ClientAction { machine.begin(message, into: &output) }
    func contentSent() -> ClientAction { machine.contentSent() }
    func quit() -> ClientAction { machine.quit(into: &output) }
    var isBusy: Bool { machine.isBusy }

    /// What the machine has said since the last call.
    var sent: [String] {
      let text = String(decoding: output.array(), as: UTF8.self)
      output.removeAll()
      return text.split(separator: "\r\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
  }

  private static let message = OutgoingMessage(
    sender: .mailbox(Mailbox(localPart: "s", domain: "a.example")), parameters: ["SIZE=5"],
    recipients: [
      .init(Mailbox(localPart: "x y", domain: "b.example"), parameters: ["NOTIFY=NEVER"]), .init(Mailbox(localPart: "z", domain: "b.example")),
    ])
  private static let commands = ["MAIL FROM:<s@a.example> SIZE=5", "RCPT TO:<\"x y\"@b.example> NOTIFY=NEVER", "RCPT TO:<z@b.example>", "DATA"]
  private static let ok = Reply(250, EnhancedStatus(2, 0, 0), "Ok")
  private static let unknown = Reply(550, EnhancedStatus(5, 1, 1), "unknown")

  /// A client that has been introduced to a server with these extensions.
  private func introduced(_ service: ClientMachine.Service = .smtp, pipelining: Bool = true) -> Dialogue {
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
    #expect(dialogue.receive("250 2.0.0 Ok", "550 5.1.1 unknown", "250 2.0.0 Ok", "354 go") == .sendContent)
    #expect(dialogue.contentSent() == .receive)
    #expect(dialogue.isBusy)
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([ClientMachineTests.unknown, ClientMachineTests.ok]))
    #expect(!dialogue.isBusy)
    #expect(dialogue.quit() == .receive)
    #expect(dialogue.sent == ["QUIT"])
    #expect(dialogue.receive("221 bye") == .closed)
  }

  @Test func commandsGoOutOneByOneWithoutPipelining() {
    let dialogue = introduced(pipelining: false)
    _ = dialogue.begin(ClientMachineTests.message)
    for (index, command) in ClientMachineTests.commands.enumerated() {
      #expect(dialogue.sent == [command])
      #expect(dialogue.receive(index == 3 ? "354 go" : "250 2.0.0 Ok") == (index == 3 ? .sendContent : .receive))
    }
    _ = dialogue.contentSent()
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([ClientMachineTests.ok, ClientMachineTests.ok]))
  }

  @Test func lmtpAnswersForEachRecipient() {
    let dialogue = introduced(.lmtp)
    _ = dialogue.begin(ClientMachineTests.message)
    #expect(dialogue.receive("250 Ok", "250 Ok", "250 Ok", "354 go") == .sendContent)
    #expect(dialogue.contentSent() == .receive)
    #expect(dialogue.receive("550 5.1.1 unknown") == .receive)
    #expect(dialogue.receive("250 2.0.0 Ok") == .completed([ClientMachineTests.unknown, ClientMachineTests.ok]))
  }

  @Test(arguments: [true, false])
  func aRefusedSenderIsTheAnswerForAll(pipelining: Bool) {
    let dialogue = introduced(pipelining: pipelining)
    _ = dialogue.begin(ClientMachineTests.message)
    let more = pipelining ? ["503 no", "503 no", "503 no"] : []
    var action = dialogue.receive("550 5.1.1 unknown")
    for line in more { action = dialogue.receive(line) }
    #expect(action == .completed([ClientMachineTests.unknown, ClientMachineTests.unknown]))
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

  @Test func aServerMayEndTheSessionAtAnyTime() {
    let dialogue = introduced()
    _ = dialogue.begin(ClientMachineTests.message)
    #expect(dialogue.receive("421 4.3.2 going") == .failed(.refused(Reply(421, EnhancedStatus(4, 3, 2), "going"))))
    #expect(dialogue.quit() == .closed)
  }

  @Test(arguments: ["", "25", "abc", "199 x", "600 x", "250x"])
  func whatIsNoReply(line: String) { #expect(Dialogue().receive(line) == .failed(.notSMTP)) }

  @Test func aGreetingMayRefuse() {
    #expect(Dialogue().receive("554-no", "554 way") == .failed(.refused(Reply(554, nil, "no\nway"))))
  }

  @Test func anAnswerToNothing() {
    let dialogue = introduced()
    #expect(dialogue.receive("250 Ok") == .failed(.notSMTP))
  }

  @Test func addressesCannotBecomeCommands() {
    let dialogue = introduced()
    _ = dialogue.begin(OutgoingMessage(sender: .null, recipients: [.init(Mailbox(localPart: "a\r\nQUIT", domain: "b"))]))
    #expect(dialogue.sent == ["MAIL FROM:<>", "RCPT TO:<\"a??QUIT\"@b>", "DATA"])
  }

  @Test func extensionsAreRead() {
    let extensions = ServerExtensions(Reply(250, nil, "host\nSIZE 1234\npipelining\nAUTH PLAIN LOGIN"))
    #expect(extensions.sizeLimit == 1234)
    #expect(extensions.offers("PIPELINING") && extensions.offers("AUTH") && !extensions.offers("DSN"))
  }
}
