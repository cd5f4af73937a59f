// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import SMTP

@Suite struct HeaderScanTests {
  /// The scan of what `content` begins with, and the same when it comes byte by byte.
  private func header(_ content: String) -> HeaderScan {
    let wire = Array(content.utf8)
    let whole = scan([wire])
    #expect(scan(wire.map { [$0] }) == whole)
    return whole
  }

  private func scan(_ pieces: [[UInt8]]) -> HeaderScan {
    var decoder = ContentDecoder(mode: .normalize, sizeLimit: 0, replacesStrayCR: true)
    var buffer = ByteBuffer()
    for piece in pieces { _ = piece.withUnsafeBytes { decoder.decode($0, into: &buffer) } }
    return decoder.header
  }

  @Test(arguments: [
    ("Received: a\r\n", 1), ("received :a\r\nRECEIVED:b\r\n", 2), ("Received: a\r\n Received: folded\r\n", 1), ("X-Received: a\r\n", 0),
    ("Received: a\r\n\r\nReceived: body\r\n", 1), ("text\r\nReceived: a\r\n", 0), (" x\r\nReceived: a\r\n", 0), ("Rec eived: a\r\n", 0),
    ("Received\r\n", 0), ("Received: a\nReceived: b\n", 2),
  ])
  func receivedFields(content: String, count: Int) { #expect(header(content).receivedCount == count) }

  @Test(arguments: [
    ("A: b\r\n", false), ("A: b\r\n\r\n", true), ("A: b\r\n.\r\n", true), ("A: b\r\nno field\r\n", true), ("just text\r\n", true), ("\r\n", true),
    (" folded\r\n", true), ("A: b\r\n folded\r\n\tfolded\r\n", false), (": x\r\n", true), ("a b: x\r\n", true), ("A :x\r\n", false),
    ("..A: x\r\n", false),
    ("é: x\r\n", true), (".\r\n", true), ("", false),
  ])
  func theHeaderEnds(content: String, isComplete: Bool) { #expect(header(content).isComplete == isComplete) }

  @Test(arguments: [(997, false), (998, true)])
  func aNameMustEndWithinALine(length: Int, isComplete: Bool) {
    #expect(header(String(repeating: "a", count: length) + ":\r\n").isComplete == isComplete)
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
