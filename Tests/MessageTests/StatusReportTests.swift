// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct StatusReportTests {
  private let writer = ReportWriter(hostname: "mx.example.com", origin: "example.com", product: "Weir") { name in
    ["myhostname": "mx.example.com", "delay_warning_time_hours": "4", "maximal_queue_lifetime_days": "5"][name]
  }

  private static let lottery = ReportedRecipient(
    address: "root@desktop6.example.com", original: "root@desktop6.example.com", action: .failed, status: "5.7.1",
    reason:
      "host desktop6.example.com[192.168.0.6] said: 550 5.7.1 dont send lottery related mails (in reply to end of DATA command)",
    remote: .init(nameType: "dns", name: "desktop6.example.com", diagnosticType: "smtp", diagnostic: "550 5.7.1 dont send lottery related mails"))

  private func report(
    _ recipients: [ReportedRecipient] = [lottery], kind: StatusReport.Kind = .failure, isForPostmaster: Bool = false,
    sender: String = "joe@example.net",
    envelopeID: String? = nil, smtpUTF8: Bool = false, returned: String? = "Subject: x\n\nbody\n"
  ) -> StatusReport {
    StatusReport(
      kind: kind, isForPostmaster: isForPostmaster, id: "NEW", time: 1_360_231_200_000_000, addressee: isForPostmaster ? "pm@example.com" : sender,
      message: ReportedMessage(
        queueID: "OLD", sender: sender, arrival: 1_360_231_100_000_000, envelopeID: envelopeID, smtpUTF8: smtpUTF8,
        retryUntil: 1_360_663_100_000_000),
      recipients: recipients, returned: returned.map { ReturnedContent(whole: Array($0.utf8)) })
  }

  private func text(_ report: StatusReport) -> String { String(decoding: writer.write(report, .utc).content, as: UTF8.self) }

  /// Row H3 of the tutorials, byte for byte.
  @Test func theWholeReport() {
    #expect(
      text(report(envelopeID: "abc+1"))
        == """
        Received: by mx.example.com (Weir)
        \tid NEW; Thu,  7 Feb 2013 10:00:00 +0000 (UTC)
        Date: Thu,  7 Feb 2013 10:00:00 +0000 (UTC)
        From: Mail Delivery System <MAILER-DAEMON@example.com>
        Subject: Undelivered Mail Returned to Sender
        To: joe@example.net
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="NEW.1360231200/mx.example.com"
        Message-Id: <20130207100000.NEW@mx.example.com>

        This is a MIME-encapsulated message.

        --NEW.1360231200/mx.example.com
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mx.example.com.

        Your message could not be delivered to one or more of its
        recipients, for the reasons below. It is attached to this report.

        If you need help, write to the postmaster and send this report
        along. Your own text in it may be left out.

                           The mail system

        <root@desktop6.example.com>: host desktop6.example.com[192.168.0.6] said: 550
            5.7.1 dont send lottery related mails (in reply to end of DATA command)

        --NEW.1360231200/mx.example.com
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example.com
        Original-Envelope-Id: abc+1
        X-Weir-Queue-ID: OLD
        X-Weir-Sender: rfc822; joe@example.net
        Arrival-Date: Thu,  7 Feb 2013 09:58:20 +0000 (UTC)

        Final-Recipient: rfc822; root@desktop6.example.com
        Original-Recipient: rfc822;root@desktop6.example.com
        Action: failed
        Status: 5.7.1
        Remote-MTA: dns; desktop6.example.com
        Diagnostic-Code: smtp; 550 5.7.1 dont send lottery related mails

        --NEW.1360231200/mx.example.com
        Content-Description: Undelivered Message
        Content-Type: message/rfc822

        Return-Path: <joe@example.net>
        Subject: x

        body

        --NEW.1360231200/mx.example.com--

        """)
  }

  @Test func aWarning() {
    var recipient = Self.lottery
    recipient.action = .delayed
    let text = text(report([recipient], kind: .delay))
    #expect(text.contains("Subject: Delayed Mail (still being retried)\n"))
    #expect(text.contains("\nFor more than 4 hour(s) your message could not be delivered.\nIt will be tried until it is 5 day(s) old.\n"))
    #expect(text.contains("lottery related mails\nWill-Retry-Until: Tue, 12 Feb 2013 09:58:20 +0000 (UTC)\n\n--"))
  }

  @Test func thePostmasterNeedsNoIntroduction() {
    let text = text(report(isForPostmaster: true, sender: ""))
    #expect(text.contains("Subject: Postmaster Copy: Undelivered Mail\nTo: pm@example.com\nAuto-Submitted: auto-generated\n"))
    #expect(text.contains("charset=us-ascii\n\n\n<root@desktop6"))
    #expect(text.contains("X-Weir-Sender: rfc822; MAILER-DAEMON@example.com\n"))
  }

  @Test func anAliasIsNamed() {
    var recipient = Self.lottery
    (recipient.original, recipient.originalRecipient, recipient.reason, recipient.remote) = ("al@x", "rfc822;al@x", "no", nil)
    let text = text(report([recipient]))
    #expect(text.contains("\n<root@desktop6.example.com> (expanded from <al@x>): no\n"))
    #expect(text.contains("Original-Recipient: rfc822;al@x\n"))
    #expect(text.contains("Diagnostic-Code: X-Weir; no\n"))
  }

  /// RFC 6533.
  @Test func anInternationalMessage() {
    let recipient = ReportedRecipient(address: "nö@x", original: "nö@x", action: .failed, status: "5.1.1", reason: "unknown user: \"nö@x\"")
    let text = text(report([recipient], smtpUTF8: true, returned: "Subject: dräi\n\n"))
    #expect(text.contains("Content-Transfer-Encoding: 8bit\nMessage-Id"))
    #expect(text.contains("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"))
    #expect(text.contains("Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n"))
    #expect(text.contains("Final-Recipient: utf-8; nö@x\n"))
    #expect(text.contains("Content-Type: message/global\nContent-Transfer-Encoding: 8bit\n"))
  }

  @Test func elsewhereTheStatusIsASCII() {
    let recipient = ReportedRecipient(address: "a@x", original: "a@x", action: .failed, status: "5.1.1", reason: "né")
    let written = writer.write(report([recipient], returned: "Subject: x\n\nbödy\n"), .utc)
    let text = String(decoding: written.content, as: UTF8.self)
    #expect(written.isEightBit)
    #expect(text.contains("<a@x>: né\n") && text.contains("X-Weir; n??\n"))
    #expect(text.contains("Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n"))
    #expect(!writer.write(report(), .utc).isEightBit)
  }

  @Test func headersOnly() {
    var report = report(returned: nil)
    report.returned = ReturnedContent(headerOf: Array("Subject: x\n y\n\nsecret\n".utf8))
    let text = text(report)
    #expect(text.contains("Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\nReturn-Path: <joe@example.net>\nSubject: x\n y\n\n--"))
    #expect(!text.contains("secret"))
    let long = ReturnedContent(headerOf: Array(("A: " + String(repeating: "x", count: 70) + "\n").utf8) + Array(repeating: 0x42, count: 200_000))
    #expect(long.bytes.count == 74)
  }

  /// What others say can neither end a part nor begin a field.
  @Test func nothingBreaksOut() {
    let evil = "x\r\n--NEW.1360231200/mx.example.com\nBcc: all\u{0}\u{7f}"
    let recipient = ReportedRecipient(
      address: "a\nb@x", original: evil, originalRecipient: evil, action: .failed, status: evil, reason: evil,
      remote: .init(nameType: evil, name: evil, diagnosticType: evil, diagnostic: evil))
    let clean = report([Self.lottery])
    var attacked = report([recipient], sender: "\"a\r\nBcc: \"@x", envelopeID: evil)
    attacked.message.queueID = "OLD"
    let lines = text(attacked).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.filter { $0.hasPrefix("--NEW") }.count == text(clean).split(separator: "\n").filter { $0.hasPrefix("--NEW") }.count)
    #expect(!lines.contains { $0.hasPrefix("Bcc") } && !text(attacked).contains("\r") && !text(attacked).contains("\0"))
  }

  @Test func aBoundaryThatTheMessageHasIsNotTaken() {
    let text = text(report(returned: "Subject: x\n\n--NEW.1360231200/mx.example.com--\n--1.NEW.1360231200/mx.example.com\n"))
    #expect(text.contains("boundary=\"2.NEW.1360231200/mx.example.com\""))
    #expect(text.hasSuffix("\n--2.NEW.1360231200/mx.example.com--\n"))
  }

  @Test func noLineIsTooLong() {
    let long = String(repeating: "x", count: 5000)
    let recipient = ReportedRecipient(address: "\(long)@x", original: "", action: .failed, status: "5.0.0", reason: "\(long) \(long)")
    #expect(text(report([recipient])).split(separator: "\n").allSatisfy { $0.utf8.count <= 998 })
  }

  @Test func threads() {
    let writer = ReportWriter(hostname: "mx", origin: "mx", product: "My MTA", isThreaded: true)
    let text = String(decoding: writer.write(report(returned: "Message-ID:\n <a@b>\n\n"), .utc).content, as: UTF8.self)
    #expect(text.contains("\nReferences: <a@b>\nIn-Reply-To: <a@b>\nMIME-Version: 1.0\n"))
    #expect(text.contains("\nX-My-MTA-Queue-ID: OLD\n"))
  }

  // MARK: wrapping

  private func wrap(_ text: String) -> String {
    var output: [UInt8] = []
    LineWrap.write(Array(text.utf8), into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The first line has 79 columns, the others 75 and an indentation.
  @Test func linesBreakAtBlanks() {
    let (word78, word79) = (String(repeating: "a", count: 77), String(repeating: "a", count: 78))
    #expect(wrap("\(word78) b c") == "\(word78) b\n    c\n")
    #expect(wrap("\(word79) b") == "\(word79)\n    b\n")
    #expect(wrap("a  b") == "a  b\n")
    #expect(wrap("a  ") == "a\n")
    #expect(wrap("") == "\n")
    #expect(wrap("\(word79) \(word79) b") == "\(word79)\n    \(word79)\n    b\n")
    #expect(wrap(String(repeating: "x ", count: 60)).split(separator: "\n").map(\.utf8.count) == [79, 43])
  }

  // MARK: bounce_template_file

  @Test func aTemplateFile() throws {
    let texts = try ReportTextFile.read(
      """
      # ours
      failure_template = <<EOF
      Charset: utf-8
      From: postmaster@x.example (Die Post)
      Subject: Zurück? no: ASCII
      Postmaster-Subject: Copy

      Lieber Absender, $myhostname grüßt.

      Zweiter Absatz.
      EOF

      delay_template = <<END
      Subject: Late

      $delay_warning_time_hours
      END
      """.replacing("Zurück", with: "Back"))
    #expect(texts.failure.charset == "utf-8" && texts.failure.from == "postmaster@x.example (Die Post)")
    #expect(texts.failure.subject == "Back? no: ASCII" && texts.failure.postmasterSubject == "Copy")
    #expect(texts.failure.body == "Lieber Absender, $myhostname grüßt.\n\nZweiter Absatz.\n")
    #expect(texts.delay.subject == "Late" && texts.delay.body == "$delay_warning_time_hours\n")
    #expect(texts.success == .success)
    let writer = ReportWriter(hostname: "mx", origin: "mx", product: "Weir", texts: texts) { $0 == "myhostname" ? "mx" : nil }
    let text = String(decoding: writer.write(report(), .utc).content, as: UTF8.self)
    #expect(text.contains("From: Die Post <postmaster@x.example>\nSubject: Back? no: ASCII\n"))
    #expect(text.contains("charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nLieber Absender, mx grüßt.\n"))
  }

  @Test func aTemplateFileFromElsewhere() throws {
    let texts = try ReportTextFile.read("failure_template = <<EOF\r\nSubject: No\r\n\r\nfirst\r\nsecond\r\nEOF\r\n")
    #expect(texts.failure.subject == "No" && texts.failure.body == "first\nsecond\n")
  }

  @Test(arguments: [
    ("failure = <<E\nE\n", 1, "`failure` is no template"), ("\nfailure_template = x\n", 2, "a template begins with `<<` and a word"),
    ("failure_template = <<E\n\nx\n", 1, "this template has no end"),
    ("failure_template = <<E\nSubject: ü\n\nE\n", 2, "a header of a template must be ASCII"),
    ("delay_template = <<E\n\nü\nE\n", 1, "the text is not ASCII"),
  ])
  func wrongTemplates(_ file: String, _ line: Int, _ text: String) {
    do {
      _ = try ReportTextFile.read(file)
      Issue.record("accepted")
    } catch {
      #expect(error.line == line && error.text == text)
    }
  }
}
