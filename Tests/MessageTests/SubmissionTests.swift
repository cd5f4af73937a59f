// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct SubmissionTests {
  @Test(arguments: [
    ("alice", ["alice"]),
    ("alice@x.example, bob@y.example", ["alice@x.example", "bob@y.example"]),
    ("\"A, B\" <a@x.example>,,; (none), C <c@x.example>", ["a@x.example", "c@x.example"]),
    ("Friends: a@x.example, b@x.example;, c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
    ("undisclosed-recipients:;", []),
    ("<@relay.example,@other.example:a@x.example>", ["a@x.example"]),
    ("\"john \\\" smith\"@x.example", ["\"john \\\" smith\"@x.example"]),
    ("john smith@x.example", ["\"john smith\"@x.example"]),
    ("a (one (two) \\) three) @ x . example", ["a@x.example"]),
    ("user@[IPv6:::1]", ["user@[IPv6:::1]"]),
    ("<>", [""]),
    ("J\u{fc}rgen <j\u{fc}rgen@x.example>", ["j\u{fc}rgen@x.example"]),
    ("\"open", ["\"open\""]), ("<open", ["open"]), ("(open", []), ("a\\", ["a\\"]), ("", []),
  ])
  func addresses(_ text: String, _ expected: [String]) { #expect(AddressList.parse(text.utf8) == expected) }

  private func message(_ input: String, _ change: (inout LocalMessage.Options) -> Void = { _ in }) -> LocalMessage {
    var options = LocalMessage.Options()
    change(&options)
    return LocalMessage(Array(input.utf8), options)
  }

  private func text(_ message: LocalMessage) -> String { String(decoding: message.content, as: UTF8.self) }

  @Test func linesEndInLF() {
    #expect(text(message("a: b\r\n\r\nx\r\r\ny")) == "a: b\n\nx\ny\n")
    #expect(text(message("")) == "")
  }

  @Test func aDotEndsIt() {
    #expect(text(message("a: b\n\nx\n.\ny\n")) == "a: b\n\nx\n")
    #expect(text(message("a: b\n\nx\n.\r\ny\n")) == "a: b\n\nx\n")
    #expect(text(message("a: b\n\nx\n.\n..y\n") { $0.endsAtDot = false }) == "a: b\n\nx\n.\n..y\n")
  }

  @Test func separatorsBeforeTheHeaderGo() {
    #expect(text(message("From x y\n>From z\nA: b\n\nFrom here\n")) == "A: b\n\nFrom here\n")
  }

  @Test func recipientsAndWhatIsNotForThem() {
    let found = message("To: a\nBcc: b,\n c\nX: y\nReturn-Path: <z>\n\nBcc: text\n") { $0.takesRecipients = true }
    #expect(found.recipients == ["a", "b", "c"])
    #expect(text(found) == "To: a\nX: y\n\nBcc: text\n")
    let resent = message("To: a\nResent-To: b\nResent-Bcc: c\n\n") { $0.takesRecipients = true }
    #expect(resent.recipients == ["b", "c"])
    #expect(text(resent) == "To: a\nResent-To: b\n\n")
  }

  @Test func theNameOfTheSender() {
    func named(_ input: String, _ name: String) -> String {
      text(
        message(input) {
          $0.fullName = name
          $0.sender = "me"
        })
    }
    #expect(named("A: b\n\nx\n", "My Self") == "From: My Self <me>\nA: b\n\nx\n")
    #expect(named("A: b\n\nx\n", "M. \"Q\"") == "From: \"M. \\\"Q\\\"\" <me>\nA: b\n\nx\n")
    #expect(named("From: b\n\nx\n", "My Self") == "From: b\n\nx\n")
    #expect(named("Resent-To: b\nFrom: c\n\nx\n", "N") == "Resent-From: N <me>\nResent-To: b\nFrom: c\n\nx\n")
    #expect(named("just text\n", "N") == "From: N <me>\n\njust text\n")
    #expect(named("A: b\n\n", "x\ny") == "From: xy <me>\nA: b\n\n")
  }

  @Test func bytesBeyondASCII() {
    #expect(!message("A: b\n\nc\n").hasEightBit)
    let body = message("A: b\n\n\u{fc}\n")
    #expect(body.hasEightBit && !body.hasEightBitHeader)
    #expect(message("A: \u{fc}\n\nb\n").hasEightBitHeader)
  }
}
