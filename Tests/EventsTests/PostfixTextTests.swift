// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Queue
import Testing

/// The lines, as Postfix writes them.
@Suite struct PostfixTextTests {
  private let peer = Peer(name: "mail.example.org", address: IPAddress("192.0.2.7"), port: 40_000)
  private let id = QueueID(rawValue: 0x12_3456_789a_bc00)

  @Test func connections() {
    #expect(Event("smtpd", .connect(peer)).text == "connect from mail.example.org[192.0.2.7]")
    #expect(
      Event("smtpd", .disconnect(peer, commands: "ehlo=1 quit=1 commands=2")).text
        == "disconnect from mail.example.org[192.0.2.7] ehlo=1 quit=1 commands=2")
    #expect(Event("smtpd", .connect(Peer(name: "unknown", address: IPAddress("2001:db8::1")))).text == "connect from unknown[2001:db8::1]")
    #expect(Event("smtpd", .connect(Peer(name: "local", address: nil, isLocal: true))).text == "connect from local[local]")
    #expect(Event("smtpd", .connect(Peer(name: "unknown", address: nil, showsPort: true))).text == "connect from unknown[unknown]:unknown")
    #expect(
      Event("smtpd", .connect(Peer(name: "x", address: IPAddress("192.0.2.7"), port: 25, showsPort: true))).text == "connect from x[192.0.2.7]:25")
  }

  @Test func clients() {
    #expect(Event("smtpd", .client(peer), queueID: id).text == "\(id): client=mail.example.org[192.0.2.7]")
    var submission = Submission()
    submission.saslMethod = "PLAIN"
    submission.saslUsername = "ann"
    submission.originalQueueID = "4XYZ"
    submission.originalClient = "a.example[192.0.2.1]"
    #expect(
      Event("smtpd", .client(peer, submission), queueID: id).text
        == "\(id): client=mail.example.org[192.0.2.7], sasl_method=PLAIN, sasl_username=ann, orig_queue_id=4XYZ, orig_client=a.example[192.0.2.1]")
  }

  @Test func verdicts() {
    let verdict = VerdictFacts(
      place: "RCPT", reply: "554 5.7.1 <x@y>: Relay access denied", sender: "a@b", recipient: "x@y", protocolName: "ESMTP", helo: "h")
    let text = "reject: RCPT from mail.example.org[192.0.2.7]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y> proto=ESMTP helo=<h>"
    #expect(Event("smtpd", .verdict(verdict, peer)).text == "NOQUEUE: \(text)")
    #expect(Event("smtpd", .verdict(verdict, peer), queueID: id).text == "\(id): \(text)")
    let bare = VerdictFacts(action: "reject_warning", place: "CONNECT", reply: "450 no", protocolName: "SMTP")
    #expect(Event("smtpd", .verdict(bare, peer)).text == "NOQUEUE: reject_warning: CONNECT from mail.example.org[192.0.2.7]: 450 no; proto=SMTP")
  }

  @Test func aMessagesWay() {
    #expect(Event("cleanup", .messageID("<1@x>"), queueID: id).text == "\(id): message-id=<1@x>")
    #expect(Event("cleanup", .messageID("<1@x>", isResent: true), queueID: id).text == "\(id): resent-message-id=<1@x>")
    #expect(Event("qmgr", .active(sender: "", size: 300, recipients: 2), queueID: id).text == "\(id): from=<>, size=300, nrcpt=2 (queue active)")
    #expect(Event("qmgr", .expired(sender: "a@b"), queueID: id).text == "\(id): from=<a@b>, status=expired, returned to sender")
    #expect(Event("qmgr", .removed, queueID: id).text == "\(id): removed")
  }

  @Test func deliveries() {
    var facts = DeliveryFacts(
      recipient: "u@d", original: "", relay: "virtual", delays: .init(before: 40_000, queue: 0, connection: 0, transmission: 10_000), dsn: "2.0.0",
      status: "sent", reason: "delivered to maildir")
    let rest = "relay=virtual, delay=0.05, delays=0.04/0/0/0.01, dsn=2.0.0, status=sent (delivered to maildir)"
    #expect(Event("virtual", .delivery(facts), queueID: id).text == "\(id): to=<u@d>, \(rest)")
    facts.original = "v@d"
    #expect(Event("virtual", .delivery(facts)).text == "to=<u@d>, orig_to=<v@d>, \(rest)")
    facts.delays = .init(before: .max, queue: .max, connection: .max, transmission: -5)
    #expect(Event("virtual", .delivery(facts)).text.contains("status=sent"))
  }

  @Test func severitiesComeFirst() {
    #expect(Event("smtpd", .text("odd"), severity: .warning).text == "warning: odd")
    #expect(Event("qmgr", .text("bad"), severity: .error, queueID: id).text == "error: \(id): bad")
  }

  /// Whatever a client says, it is on one line and moves no terminal.
  @Test func whatAClientSaysCannotForgeALine() {
    let text = Event("smtpd", .text("a\nSep 1 00:00:00 mx p/smtpd[1]: forged\u{1b}[31m\u{7f}ü")).text
    #expect(text == "a?Sep 1 00:00:00 mx p/smtpd[1]: forged?[31m?ü")
  }
}
