// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct ArrivalHeadersTests {
  private static let noon: Int64 = 1_360_231_200_000_000
  private static let received = ReceivedField(
    helo: "localhost", clientName: "localhost", clientAddress: "IPv6:::1", transmission: Transmission(extended: true), queueID: "4ZXbnd1qPsz9",
    recipient: "user1")

  private func compose(
    _ content: String, _ received: ReceivedField = received, sender: String = "user2@example.com", isLocal: Bool = false
  ) -> (text: String, arrival: ArrivalHeaders.Arrival) {
    var headers = ArrivalHeaders(hostname: "mail.example.com", product: "Weir", origin: "example.com", zone: .utc)
    let bytes = Array(content.utf8)
    let arrival = bytes.withUnsafeBytes {
      headers.compose(received, sender: sender, arrival: Self.noon, content: $0, isLocal: isLocal)
    }
    let edited = bytes.withUnsafeBytes { Edit.apply(arrival.edits, to: $0) }
    return (String(decoding: arrival.prefix + edited, as: UTF8.self), arrival)
  }

  private let line = """
    Received: from localhost (localhost [IPv6:::1])
    \tby mail.example.com (Weir) with ESMTP id 4ZXbnd1qPsz9
    \tfor <user1>; Thu,  7 Feb 2013 10:00:00 +0000 (UTC)

    """

  @Test func receivedAsPostfixWritesIt() {
    #expect(compose("Subject: x\n\nbody\n").text == line + "Subject: x\n\nbody\n")
  }

  @Test func severalRecipientsAreNotNamed() {
    var received = Self.received
    received.recipient = nil
    #expect(
      compose("A: b\n\n", received).text == """
        Received: from localhost (localhost [IPv6:::1])
        \tby mail.example.com (Weir) with ESMTP id 4ZXbnd1qPsz9;
        \tThu,  7 Feb 2013 10:00:00 +0000 (UTC)
        A: b


        """)
  }

  @Test func theSessionIsDescribed() {
    let received = ReceivedField(
      helo: "client.example", clientName: "unknown", clientAddress: "192.0.2.1",
      transmission: Transmission(extended: true, encrypted: true, authenticated: true),
      tls: TLSComment(
        version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", usedBits: 256, algorithmBits: 256, keyExchange: "X25519",
        signature: .init(algorithm: "ECDSA", parameter: "prime256v1", digest: "SHA256")),
      authenticatedSender: "joe", queueID: "ID", recipient: "joe smith@example.com")
    #expect(
      compose("A: b\n\n", received).arrival.prefix
        == Array(
          """
          Received: from client.example (unknown [192.0.2.1])
          \t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
          \t key-exchange X25519 server-signature ECDSA (prime256v1) server-digest SHA256)
          \t(No client certificate requested)
          \t(Authenticated sender: joe)
          \tby mail.example.com (Weir) with ESMTPSA id ID
          \tfor <"joe smith"@example.com>; Thu,  7 Feb 2013 10:00:00 +0000 (UTC)

          """.utf8))
  }

  @Test func olderTLSHasOneLineAndCertificatesAreNamed() {
    var comment = TLSComment(version: "TLSv1.2", cipher: "AES128-SHA", usedBits: 128, algorithmBits: 128, client: .notPresented)
    var output: [UInt8] = []
    comment.write(into: &output)
    #expect(
      String(decoding: output, as: UTF8.self)
        == "\t(using TLSv1.2 with cipher AES128-SHA (128/128 bits))\n\t(Client did not present a certificate)\n")
    comment.keyExchange = "ECDHE"
    comment.keyExchangeGroup = "P-256"
    comment.client = .presented(commonName: "a\nb", issuer: "CA", verified: false)
    output = []
    comment.write(into: &output)
    #expect(
      String(decoding: output, as: UTF8.self) == """
        \t(using TLSv1.2 with cipher AES128-SHA (128/128 bits)
        \t key-exchange ECDHE (P-256))
        \t(Client CN "a?b", Issuer "CA" (not verified))

        """)
  }

  @Test(arguments: [
    (Transmission(extended: false), "SMTP"), (Transmission(extended: false, encrypted: true), "SMTP"), (Transmission(extended: true), "ESMTP"),
    (Transmission(extended: true, encrypted: true), "ESMTPS"), (Transmission(extended: true, authenticated: true), "ESMTPA"),
    (Transmission(extended: true, encrypted: true, authenticated: true), "ESMTPSA"), (Transmission(extended: true, smtpUTF8: true), "UTF8SMTP"),
    (Transmission(extended: true, encrypted: true, authenticated: true, smtpUTF8: true), "UTF8SMTPSA"),
  ])
  func protocolKeywords(_ transmission: Transmission, _ keyword: String) { #expect(transmission.keyword == keyword) }

  @Test func aClientCannotWriteFieldsOfItsOwn() {
    var received = Self.received
    received.helo = "x)\r\nBcc: y\u{7F}"
    received.recipient = "a\nb@c\nd"
    let text = compose("A: b\n\n", received).text
    #expect(text.hasPrefix("Received: from x)??Bcc: y? (localhost"))
    #expect(text.contains("\tfor <\"a?b\"@c?d>; "))
  }

  @Test func utf8NamesStay() {
    var received = Self.received
    received.recipient = "jörg@bücher.example"
    #expect(compose("A: b\n\n", received).text.contains("for <jörg@bücher.example>;"))
  }

  @Test func strangersGetNothingAdded() {
    #expect(compose("Subject: x\n\n", isLocal: false).text == line + "Subject: x\n\n")
  }

  @Test func localClientsGetWhatTheyLeftOut() {
    #expect(
      compose("Subject: x\n\nbody\n", isLocal: true).text == line + """
        Message-Id: <20130207100000.4ZXbnd1qPsz9@mail.example.com>
        Date: Thu,  7 Feb 2013 10:00:00 +0000 (UTC)
        From: user2@example.com
        Subject: x

        body

        """)
  }

  @Test(arguments: ["Message-ID: <1@x>", "date: x", "FROM: a@b"]) func whatIsThereIsNotAdded(_ field: String) {
    let name = String(field.prefix { $0 != ":" }).lowercased()
    let fields = compose("\(field)\n\n", isLocal: true).text.split(separator: "\n").filter { $0.lowercased().hasPrefix("\(name):") }
    #expect(fields == [field[...]])
  }

  @Test func aMessageSentAgainNeedsResentFields() {
    let text = compose("Resent-To: a@b\nFrom: x@y\nDate: d\nMessage-ID: <1@x>\n\n", isLocal: true).text
    #expect(text.contains("\nResent-Message-Id: <20130207100000."))
    #expect(text.contains("\nResent-Date: Thu,"))
    #expect(text.contains("\nResent-From: user2@example.com\n"))
    #expect(!text.contains("\nMessage-Id:"))
  }

  @Test func theNullSenderIsTheMailSystem() {
    #expect(compose("A: b\n\n", sender: "", isLocal: true).text.contains("\nFrom: MAILER-DAEMON@example.com\n"))
  }

  @Test(arguments: ["hello\nworld\n", " A: b\n\n", "hello", "", "\u{e9}t\u{e9}\n"]) func aBodyWithoutHeaderGetsAnEmptyLine(_ content: String) {
    #expect(compose(content).text == line + "\n" + content)
  }

  @Test func anEmptyFirstLineIsTheEmptyLine() { #expect(compose("\nhello\n").text == line + "\nhello\n") }

  @Test func aBodyThatFollowsTheHeaderGetsAnEmptyLine() {
    #expect(compose("Subject: x\nhello\n").text == line + "Subject: x\n\nhello\n")
  }

  @Test func aMailboxLineBecomesAField() {
    #expect(compose("From joe Thu\nSubject: x\n\nb\n").text == line + "X-Mailbox-Line: From joe Thu\nSubject: x\n\nb\n")
    #expect(compose(">>From joe\nhello\n").text == line + "X-Mailbox-Line: >>From joe\n\nhello\n")
    #expect(compose("From joe").text == line + "X-Mailbox-Line: From joe")
  }

  @Test func traceAndSecretFieldsOfTheClientGo() {
    #expect(
      compose("Return-Path: <a@b>\nBcc: c@d,\n e@f\nSubject: x\nContent-Length: 3\nresent-bcc: g\n\nBcc: stays\n").text
        == line + "Subject: x\n\nBcc: stays\n")
  }

  @Test func hopsAreCounted() {
    #expect(compose("A: b\n\nReceived: in the body\n").arrival.hops == 1)
    #expect(compose(String(repeating: "Received: from a\n by b\n", count: 49) + "\n").arrival.hops == 50)
  }

  @Test(arguments: [
    ("To: joe", "To: joe@example.com"), ("To: joe, ann@x, bob", "To: joe@example.com, ann@x, bob@example.com"),
    ("Cc: Joe Smith <joe>", "Cc: Joe Smith <joe@example.com>"), ("From: \"a, b\" <joe> (c, d)", "From: \"a, b\" <joe@example.com> (c, d)"),
    ("To: joe (Joe (x) Smith)", "To: joe@example.com (Joe (x) Smith)"), ("To: a,\n b", "To: a@example.com,\n b@example.com"),
    ("reply-to: j.s+x", "reply-to: j.s+x@example.com"), ("To: undisclosed-recipients:;", "To: undisclosed-recipients:;"),
    ("To: Joe Smith", "To: Joe Smith"), ("To: <>", "To: <>"), ("To: a!b, c%d", "To: a!b, c%d"), ("To: \"joe\"", "To: \"joe\""),
    ("To: <@a:joe>", "To: <@a:joe>"), ("Subject: joe", "Subject: joe"), ("To: <joe", "To: <joe"), ("To: (", "To: ("), ("To: \"\\", "To: \"\\"),
    ("To:", "To:"), ("To: ,,", "To: ,,"), ("To: (\\", "To: (\\"), ("To: <a> <b>", "To: <a> <b>"),
  ])
  func bareAddressesOfLocalClientsAreCompleted(_ field: String, _ expected: String) {
    let header = "Date: d\nFrom: a@b\nMessage-Id: <1@x>\n"
    #expect(compose(header + field + "\n\n", isLocal: true).text == line + header + expected + "\n\n")
    #expect(compose(header + field + "\n\n", isLocal: false).text == line + header + field + "\n\n")
  }

  @Test func anyBytesAreTaken() {
    var headers = ArrivalHeaders(hostname: "h", product: "Weir", origin: "o", zone: .utc)
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("To: From \n\t,<>()\"\\@:;a\u{e9}".utf8) + [0x00, 0xFF]
    for _ in 0..<5_000 {
      let length = Int.random(in: 0..<60, using: &generator)
      let content = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
      content.withUnsafeBytes { bytes in
        let arrival = headers.compose(Self.received, sender: "s", arrival: 0, content: bytes, isLocal: true)
        var position = 0
        for edit in arrival.edits {
          #expect(edit.range.lowerBound >= position && edit.range.upperBound <= content.count)
          position = edit.range.upperBound
        }
      }
    }
  }

  @Test func eachSecondHasItsDate() {
    var headers = ArrivalHeaders(hostname: "h", product: "Weir", origin: "o", zone: .utc)
    let prefixes = (0..<3).map { second in
      headers.compose(
        Self.received, sender: "", arrival: Int64(second) * 1_000_000, content: UnsafeRawBufferPointer(start: nil, count: 0), isLocal: false
      ).prefix
    }
    #expect(Set(prefixes).count == 3)
  }
}
