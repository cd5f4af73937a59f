// SPDX-License-Identifier: Apache-2.0
import Runtime
import SMTP
import Spool
import Testing

@Suite struct SessionTests {
  @Test func aWholeDialogue() throws {
    let fixture = try SessionFixture()
    #expect(fixture.stream.takeOutput() == "220 mx.example.com ESMTP Weir\r\n")
    #expect(fixture.say("HELO client.example") == "250 mx.example.com\r\n")
    #expect(fixture.say("MAIL FROM:<a@client.example>") == "250 2.1.0 Ok\r\n")
    #expect(fixture.say("RCPT TO:<b@example.com>") == "250 2.1.5 Ok\r\n")
    #expect(fixture.say("DATA") == "354 End data with <CR><LF>.<CR><LF>\r\n")
    #expect(fixture.say("Subject: x", "", "..dot", ".").hasPrefix("250 2.0.0 Ok: queued as "))
    #expect(fixture.say("QUIT") == "221 2.0.0 Bye\r\n")
    let kept = try #require(fixture.store.kept.first)
    #expect(kept.envelope.sender == "a@client.example")
    #expect(kept.envelope.recipients.map(\.address) == ["b@example.com"])
    #expect(kept.content.hasPrefix("Received: from client.example (unknown [192.0.2.1])\n\tby mx.example.com (Weir) with SMTP id "))
    #expect(kept.content.hasSuffix("\nSubject: x\n\n.dot\n"))
    #expect(fixture.stream.isClosed)
    #expect(fixture.loop.liveTasks == 0)
    #expect(fixture.store.memory.used == 0)
  }

  @Test func repliesToAPipelineComeTogether() throws {
    let fixture = try SessionFixture()
    let replies = fixture.beginData(to: "b@example.com", "c@example.com")
    #expect(replies.hasSuffix("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n"))
  }

  @Test func contentAndTheNextCommandsInOnePiece() throws {
    let fixture = try SessionFixture()
    _ = fixture.beginData(to: "b@example.com")
    let replies = fixture.say("one", ".", "MAIL FROM:<>", "RCPT TO:<b@example.com>", "DATA", "two", ".", "QUIT")
    #expect(replies.split(separator: "\r\n").map { $0.prefix(3) } == ["250", "250", "250", "354", "250", "221"])
    #expect(fixture.store.kept.map { $0.content.hasSuffix("one\n") } == [true, false])
    #expect(fixture.loop.liveTasks == 0)
  }

  @Test(arguments: [
    (CommitOutcomeCase.full, "452 4.3.1"), (.failed, "451 4.3.0"),
  ])
  func whatIsNotDurableIsNotAccepted(outcome: CommitOutcomeCase, code: String) throws {
    let fixture = try SessionFixture()
    fixture.store.setOutcome(outcome.value)
    _ = fixture.beginData(to: "b@example.com")
    #expect(fixture.say("x", ".").hasPrefix(code))
    #expect(fixture.store.kept.isEmpty)
    #expect(fixture.store.memory.used == 0)
  }

  enum CommitOutcomeCase: Sendable {
    case full, failed
    var value: CommitOutcome { self == .full ? .insufficientStorage(cause: "full") : .localError(cause: "broken") }
  }

  @Test func aFullDiskRefusesMail() throws {
    let fixture = try SessionFixture()
    fixture.store.setLow()
    _ = fixture.stream.takeOutput()
    #expect(fixture.say("EHLO c").hasPrefix("250-"))
    #expect(fixture.say("MAIL FROM:<a@client.example>").hasPrefix("452 4.3.1 Insufficient system storage"))
  }

  @Test func anInterruptEndsAnIdleSession() throws {
    let fixture = try SessionFixture()
    _ = fixture.stream.takeOutput()
    #expect(fixture.interrupt() == "421 4.3.2 mx.example.com Error: server is shutting down\r\n" || fixture.stream.isClosed)
    #expect(fixture.stream.isClosed)
    #expect(fixture.loop.liveTasks == 0)
  }

  @Test func aVanishedClientIsCleanedUp() throws {
    let fixture = try SessionFixture()
    _ = fixture.beginData(to: "b@example.com")
    fixture.say("half a messa")
    fixture.stream.end()
    fixture.loop.runUntilIdle()
    #expect(fixture.stream.isClosed)
    #expect(fixture.store.kept.isEmpty)
    #expect(fixture.store.memory.used == 0)
    #expect(fixture.loop.liveTasks == 0)
  }

  @Test func aMessageThatWasHereBeforeIsRefused() throws {
    let fixture = try SessionFixture()
    _ = fixture.beginData(to: "b@example.com")
    #expect(fixture.say("Delivered-To: B@Example.com", "", "x", ".").hasPrefix("554 5.4.6"))
    #expect(fixture.store.memory.used == 0)
  }

  @Test func aStrangersLoopHeaderDoesNotMatter() throws {
    let fixture = try SessionFixture()
    _ = fixture.beginData(to: "b@example.com")
    #expect(fixture.say("Delivered-To: c@example.com", "", "x", ".").hasPrefix("250 2.0.0"))
  }

  @Test func onlyOurOwnGetMissingFields() throws {
    let stranger = try SessionFixture()
    _ = stranger.beginData(to: "b@example.com")
    stranger.say("x", ".")
    #expect(stranger.store.kept.first?.content.contains("Message-Id:") == false)
    let own = try SessionFixture(client: "127.0.0.1")
    _ = own.beginData(to: "b@example.com")
    own.say("x", ".")
    let content = own.store.kept.first?.content ?? ""
    #expect(content.contains("\nMessage-Id: <") && content.contains("\nDate: ") && content.contains("\nFrom: a@client.example\n"))
  }
}
