// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct HeaderBlockTests {
  private func scan(_ text: String) -> (fields: [String], end: HeaderBlock.End) { scan(Array(text.utf8)) }

  private func scan(_ content: [UInt8]) -> (fields: [String], end: HeaderBlock.End) {
    content.withUnsafeBytes { bytes in
      var fields: [String] = []
      let end = HeaderBlock.scan(bytes) { field in
        #expect(field.lines.lowerBound == field.name.lowerBound)
        #expect(field.value.upperBound <= field.lines.upperBound)
        fields.append(String(decoding: bytes[field.name], as: UTF8.self) + "|" + String(decoding: bytes[field.value], as: UTF8.self))
      }
      return (fields, end)
    }
  }

  @Test func findsFieldsAndTheEmptyLine() {
    let found = scan("Subject: a\nTo: b\n\nbody: c\n")
    #expect(found.fields == ["Subject| a", "To| b"])
    #expect(found.end == .emptyLine(17))
  }

  @Test func continuationLinesBelongToTheValue() {
    #expect(scan("A: 1\n\t2\n 3\nB: 4\n\n").fields == ["A| 1\n\t2\n 3", "B| 4"])
  }

  @Test func blanksBeforeTheColonAreAllowed() {
    #expect(scan("Subject \t: x\n").fields == ["Subject| x"])
  }

  @Test func carriageReturnsAreNoPartOfTheValue() {
    let found = scan("A: 1\r\n\r\nx")
    #expect(found.fields == ["A| 1"])
    #expect(found.end == .emptyLine(6))
  }

  @Test(arguments: [
    ("", HeaderBlock.End.content(0)), ("\n", .emptyLine(0)), ("hello\n", .bodyLine(0)), (" A: 1\n", .bodyLine(0)), (": x\n", .bodyLine(0)),
    ("A: 1\nhello\n", .bodyLine(5)), ("A: 1\n", .content(5)), ("A: 1", .content(4)), ("A", .bodyLine(0)), ("A B: c\n", .bodyLine(0)),
    ("\t", .bodyLine(0)),
    ("From x: y\n", .bodyLine(0)), ("A:", .content(2)), (":", .bodyLine(0)), ("\r\n", .emptyLine(0)), ("\r", .emptyLine(0)),
  ])
  func saysWhereAndWhyItEnds(_ text: String, _ end: HeaderBlock.End) {
    #expect(scan(text).end == end)
    #expect(scan(text).end.offset <= text.utf8.count)
  }

  @Test func anyBytesAreTaken() {
    var generator = SystemRandomNumberGenerator()
    let alphabet: [UInt8] = [0x00, 0x09, 0x0A, 0x0D, 0x20, 0x3A, 0x41, 0x7F, 0x80, 0xC3, 0xFF]
    for _ in 0..<2_000 {
      let length = Int.random(in: 0..<40, using: &generator)
      let content = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
      #expect(scan(content).end.offset <= content.count)
    }
  }

  @Test(arguments: FieldName.allCases) func namesAreReadInAnyCase(_ name: FieldName) {
    let spellings: [FieldName: String] = [
      .bcc: "Bcc", .contentLength: "CONTENT-LENGTH", .date: "dAtE", .deliveredTo: "Delivered-To", .from: "FROM", .messageID: "Message-ID",
      .received: "received", .resentBcc: "Resent-Bcc", .resentCc: "Resent-CC", .resentDate: "Resent-date", .resentFrom: "resent-From",
      .resentMessageID: "Resent-Message-Id", .resentReplyTo: "Resent-Reply-To", .resentSender: "Resent-Sender", .resentTo: "Resent-To",
      .returnPath: "return-PATH",
    ]
    let read = Array((spellings[name] ?? "").utf8).withUnsafeBytes { FieldName($0[...]) }
    #expect(read == name)
  }

  @Test(arguments: ["", "Dat", "Dates", "X-Received", "Message\u{2D}Ie"]) func otherNamesAreNotKnown(_ name: String) {
    #expect(Array(name.utf8).withUnsafeBytes { FieldName($0[...]) } == nil)
  }
}
