// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import SMTP

@Suite struct HeaderScanTests {
  private func scan(_ content: String, everyByte: Bool = false) -> (HeaderScan, [UInt8]) {
    var decoder = ContentDecoder(mode: .normalize, sizeLimit: 0, replacesStrayCR: true)
    var buffer = ByteBuffer()
    let wire = Array((content + ".\r\n").utf8)
    for piece in everyByte ? wire.map({ [$0] }) : [wire] { _ = piece.withUnsafeBytes { decoder.decode($0, into: &buffer) } }
    return (decoder.header, buffer.array())
  }

  private func header(_ content: String) -> HeaderScan {
    let (whole, _) = scan(content)
    #expect(scan(content, everyByte: true).0 == whole)
    return whole
  }

  @Test func fieldsAreNoticed() {
    let found = header("Received: a\r\nDATE : x\r\nmessage-id:<y>\r\nFrom: z\r\n fold\r\nreceived:b\r\n\r\nReceived: body\r\n")
    #expect(found.hasDate && found.hasMessageID && found.hasFrom && found.hasFields && found.hasSeparator)
    #expect(found.receivedCount == 2)
  }

  @Test func nothingIsNoticedInTheBody() {
    let found = header("Subject: x\r\n\r\nDate: x\r\nFrom: y\r\nMessage-Id: z\r\n")
    #expect(!found.hasDate && !found.hasMessageID && !found.hasFrom)
  }

  @Test(arguments: [
    ("A: b\r\n\r\nbody\r\n", 5, true), ("A: b\r\nc: d\r\n", 10, false), ("A: b\r\nno field\r\n", 5, false), ("just text\r\n", 0, false),
    ("\r\nbody\r\n", 0, true),
    (" folded\r\n", 0, false), ("", 0, false), ("A: b\r\n c\r\n\td\r\n\r\n", 11, true), (": x\r\n", 0, false), ("a b: x\r\n", 0, false),
    ("..A: b\r\n\r\n", 6, true), ("A: b\n\nbody\r\n", 5, true),
  ])
  func theHeaderEnds(content: String, length: Int, hasSeparator: Bool) {
    let found = header(content)
    #expect(found.length == length)
    #expect(found.hasSeparator == hasSeparator)
  }

  @Test func lengthIsAnOffsetInTheContent() {
    let (found, content) = scan("X-Long: \(String(repeating: "y", count: 3000))\r\nA:\rb\r\r\n\r\nbody\r\n")
    #expect(String(decoding: content[found.length...], as: UTF8.self) == "\nbody\n")
  }

  @Test func deliveredToValues() {
    let found = header("Delivered-To: a@b.example\r\ndelivered-to:  c@d.example \r\nDelivered-To:\r\n\r\n")
    #expect(found.deliveredTo == ["a@b.example", "c@d.example", ""])
  }

  @Test(arguments: [(100, 100), (101, 100)])
  func deliveredToIsBounded(fields: Int, kept: Int) {
    #expect(header(String(repeating: "Delivered-To: a@b\r\n", count: fields) + "\r\n").deliveredTo.count == kept)
  }
}
