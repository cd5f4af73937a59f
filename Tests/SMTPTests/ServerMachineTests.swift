// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import SMTP

/// What dialogues cannot show: sizes, events at the wrong time, what the server reads from the machine.
@Suite struct ServerMachineTests {
  final class Session {
    var machine: ServerMachine
    var content = ByteBuffer()

    init(_ change: (inout ServerConfiguration) -> Void = { _ in }, tls: TLSFacts? = nil) {
      let relay = RelayPolicy(
        mynetworks: NetworkList(), mydestination: ["example.test"], virtualMailboxDomains: ["virtual.test"], myorigin: "example.test",
        mydomain: "test")
      var configuration = ServerConfiguration(myhostname: "mx.example.test", relay: relay)
      change(&configuration)
      machine = ServerMachine(context: ServerContext(configuration), client: Client(address: IPAddress("192.0.2.1"), name: "c.example"), tls: tls)
    }

    func line(_ text: String) -> Action { Array(text.utf8).withUnsafeBytes { machine.lineReceived($0.bytes) } }
    func resolved(_ verdict: RecipientVerdict) -> Action { machine.recipientResolved(verdict) }
    func committed(_ result: CommitResult) -> Action { machine.messageCommitted(result) }
    func notice() -> Notice? { machine.takeNotice() }

    var transaction: Transaction? { machine.transaction }
    var expectsContent: Bool { machine.expectsContent }
    var holdsContent: Bool { machine.holdsContent }
    var replyDelay: Int { machine.replyDelay }
    var protocolName: String { machine.protocolName }
    var heloName: String { machine.heloName }

    func content(_ text: String) -> ContentProgress {
      Array(text.utf8).withUnsafeBytes { machine.contentReceived($0, into: &content) }
    }

    /// Up to a recipient that has been taken.
    func withRecipient() -> Session {
      _ = line("EHLO x")
      _ = line("MAIL FROM:<s@example.net> BODY=8BITMIME RET=HDRS ENVID=e+2B")
      _ = line("RCPT TO:<A@Example.Test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o@p")
      _ = resolved(.accepted)
      return self
    }
  }

  @Test func anIdleMachineIsSmall() { #expect(MemoryLayout<ServerMachine>.size <= 256) }

  @Test func recipientsAreAskedAbout() {
    let session = Session()
    _ = session.line("MAIL FROM:<>")
    let address = Mailbox(localPart: "A", domain: "Example.Test")
    #expect(session.line("RCPT TO:<A@Example.Test>") == .resolveRecipient(RecipientQuery(address: address, destination: .local)))
    #expect(session.resolved(.accepted) == .reply(Reply(250, EnhancedStatus(2, 1, 5), "Ok")))
    #expect(
      session.line("RCPT TO:<b@virtual.test>")
        == .resolveRecipient(RecipientQuery(address: Mailbox(localPart: "b", domain: "virtual.test"), destination: .virtual)))
    let refusal = Reply(550, EnhancedStatus(5, 7, 1), "<b@virtual.test>: Recipient address rejected: go away")
    #expect(session.resolved(.refused(550, EnhancedStatus(5, 7, 1), "go away")) == .reply(refusal))
    #expect(session.transaction?.recipients.map(\.address) == [address])
  }

  @Test func roomIsAskedAboutWhereItIsLimited() {
    let session = Session { $0.checksRoom = true }
    _ = session.line("MAIL FROM:<> SIZE=1000")
    let address = Mailbox(localPart: "a", domain: "example.test")
    let query = RecipientQuery(address: address, destination: .local, room: 1000)
    #expect(session.line("RCPT TO:<a@example.test>") == .resolveRecipient(query))
    let full = Reply(552, EnhancedStatus(5, 2, 2), "<a@example.test>: Recipient address rejected: Mailbox is full")
    #expect(session.resolved(.refused(552, EnhancedStatus(5, 2, 2), "Mailbox is full")) == .reply(full))
    // Everybody may write to postmaster, and there is room elsewhere.
    #expect(session.line("RCPT TO:<postmaster>") == .reply(Reply(250, EnhancedStatus(2, 1, 5), "Ok")))
  }

  @Test func theTransactionTellsWhatWasAsked() {
    let session = Session().withRecipient()
    let transaction = session.transaction
    #expect(transaction?.sender.address == "s@example.net")
    #expect(transaction?.parameters.body == .eightBitMIME)
    #expect(transaction?.parameters.returnContent == .headers)
    #expect(transaction?.parameters.envelopeID == "e+")
    let recipient = transaction?.recipients.first
    #expect(recipient?.original.mailbox.address == "A@Example.Test")
    #expect(recipient?.parameters.notify == [.success, .delay])
    #expect(recipient?.parameters.originalRecipient == "rfc822;o@p")
  }

  @Test func contentIsCommittedOnce() {
    let session = Session().withRecipient()
    #expect(session.line("DATA") == .receiveContent(Reply(354, nil, "End data with <CR><LF>.<CR><LF>")))
    #expect(session.expectsContent && session.holdsContent)
    #expect(session.content("Date: x\r\n\r\nhi\r\n") == ContentProgress(consumed: 15, action: nil))
    #expect(session.content(".\r\nQUIT\r\n") == ContentProgress(consumed: 3, action: .commit))
    #expect(session.transaction?.header.isComplete == true)
    #expect(session.transaction?.size == 15)
    #expect(session.holdsContent && !session.expectsContent)
    #expect(session.committed(.queued("ID")) == .reply(Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued as ID")))
    #expect(session.transaction == nil && !session.holdsContent)
    #expect(session.committed(.queued("ID")) == .close([Reply(554, EnhancedStatus(5, 5, 0), "Error: SMTP protocol synchronization")]))
  }

  @Test func chunksAreHeldTogether() {
    let session = Session().withRecipient()
    #expect(session.line("BDAT 2") == .receiveChunk)
    #expect(session.content("abNOOP") == ContentProgress(consumed: 2, action: .reply(Reply(250, EnhancedStatus(2, 0, 0), "Ok: 2 bytes"))))
    #expect(session.holdsContent && !session.expectsContent)
    #expect(session.line("RSET") == .reply(Reply(250, EnhancedStatus(2, 0, 0), "Ok")))
    #expect(!session.holdsContent)
  }

  @Test func aRefusedChunkIsReadAndDropped() {
    let session = Session()
    #expect(session.line("BDAT 4") == .receiveChunk)
    #expect(session.expectsContent)
    #expect(session.content("ab") == ContentProgress(consumed: 2, action: nil))
    #expect(session.content("cdef") == ContentProgress(consumed: 2, action: .reply(Reply(503, EnhancedStatus(5, 5, 1), "Error: need RCPT command"))))
    #expect(session.content.isEmpty && !session.holdsContent)
  }

  @Test func lmtpRepliesForEachRecipient() {
    let session = Session { $0.service = .lmtp }
    for line in ["LHLO x", "MAIL FROM:<>"] { _ = session.line(line) }
    for line in ["RCPT TO:<a@example.test>", "RCPT TO:<b@example.test>"] {
      _ = session.line(line)
      _ = session.resolved(.accepted)
    }
    _ = session.line("DATA")
    _ = session.content("x\r\n.\r\n")
    let replies = [Reply(250, nil, "one"), Reply(450, nil, "two")]
    #expect(session.committed(.each(replies)) == .replies(replies))
  }

  @Test func eventsAtTheWrongTimeEndTheSession() {
    let sync = Action.close([Reply(554, EnhancedStatus(5, 5, 0), "Error: SMTP protocol synchronization")])
    #expect(Session().resolved(.accepted) == sync)
    #expect(Session().committed(.queued("ID")) == sync)
    #expect(Session().content("x").action == sync)
    let busy = Session().withRecipient()
    _ = busy.line("DATA")
    #expect(busy.line("NOOP") == sync)
  }

  @Test(arguments: [(9, 0), (10, 1), (19, 1)])
  func repliesAreDelayedFromTheSoftLimit(errors: Int, seconds: Int) {
    let session = Session()
    for _ in 0..<errors { _ = session.line("FOO") }
    #expect(session.replyDelay == seconds)
  }

  @Test func noticesAreTakenOnce() {
    let session = Session()
    _ = session.line("MAIL FROM:<s@example.net>")
    _ = session.line("RCPT TO:<x@example.org>")
    let text =
      "reject: RCPT from c.example[192.0.2.1]: 454 4.7.1 <x@example.org>: Relay access denied; from=<s@example.net> to=<x@example.org> proto=SMTP"
    guard case .reject(let rejection) = session.notice() else { return #expect(Bool(false)) }
    #expect(rejection.description == text)
    #expect(session.notice() == nil)
  }

  @Test(arguments: [("EHLO x", "ESMTP"), ("HELO x", "SMTP"), ("NOOP", "SMTP")])
  func protocols(hello: String, expected: String) {
    let session = Session()
    _ = session.line(hello)
    #expect(session.protocolName == expected)
  }

  @Test func afterTLSTheSessionStartsOver() {
    let session = Session { $0.smtpdTlsSecurityLevel = .may }.withRecipient()
    #expect(session.line("STARTTLS") == .startTLS(Reply(220, EnhancedStatus(2, 0, 0), "Ready to start TLS")))
    session.machine.tlsStarted(TLSFacts(version: "TLSv1.3", cipher: "x", bits: 256))
    #expect(session.transaction == nil && session.heloName.isEmpty && session.protocolName == "SMTP")
  }

  @Test func storageThatIsLowRefusesMail() {
    let session = Session()
    session.machine.storageIsLow = true
    #expect(session.line("MAIL FROM:<>") == .reply(Reply(452, EnhancedStatus(4, 3, 1), "Insufficient system storage")))
  }

  @Test func connectionsLostTwiceAreLoggedOnce() {
    let session = Session()
    session.machine.connectionLost()
    #expect(session.notice() == .info("lost connection after CONNECT from c.example[192.0.2.1]"))
    session.machine.connectionLost()
    #expect(session.notice() == nil)
  }
}
