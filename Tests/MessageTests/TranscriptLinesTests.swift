// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@Suite struct TranscriptLinesTests {
  private func text(_ lines: TranscriptLines) -> [String] { lines.all.map { String(decoding: $0, as: UTF8.self) } }

  private func append(_ line: String, _ side: TranscriptLines.Side, to lines: inout TranscriptLines) {
    Array(line.utf8).withUnsafeBytes { lines.append(command: $0, side) }
  }

  @Test func passwordsAreHidden() {
    var lines = TranscriptLines()
    append("220 hi\r", .received, to: &lines)
    append("auth plain AGEAYg==\r", .sent, to: &lines)
    append("AUTH LOGIN", .sent, to: &lines)
    #expect(text(lines) == ["In:  220 hi", "Out: auth plain *", "Out: AUTH LOGIN"])
    lines.beginAnew()
    #expect(lines.all.isEmpty)
  }

  @Test func whatIsLongIsCut() {
    var lines = TranscriptLines()
    append(String(repeating: "x", count: 5000), .sent, to: &lines)
    #expect(text(lines).map(\.utf8.count) == [5 + 2048])
    for _ in 0..<TranscriptLines.longest - 1 { append(String(repeating: "y", count: 2000), .sent, to: &lines) }
    #expect(!lines.isLong)
    append("end", .sent, to: &lines)
    #expect(lines.isLong && lines.all.count < 60 && text(lines).last == "Out: end")
  }

  @Test func linesOfAText() {
    var found: [Int] = []
    Array("a\r\n\nbc".utf8).withUnsafeBytes { text in TranscriptLines.forEach(in: text) { found.append($0.count) } }
    #expect(found == [2, 0, 2])
  }
}
