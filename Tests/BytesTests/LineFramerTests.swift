// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct LineFramerTests {
  /// Frames `text` that arrives in the given pieces; lines are shown as they are, others in angle brackets.
  private func frames(_ pieces: [String], limit: Int = 100) -> [String] {
    var framer = LineFramer(maximumLength: limit)
    var buffer = ByteBuffer()
    var result: [String] = []
    for piece in pieces {
      buffer.append(piece)
      while let shown = nextFrame(&framer, &buffer) { result.append(shown) }
    }
    return result.filter { $0 != "<skip>" }
  }

  private func nextFrame(_ framer: inout LineFramer, _ buffer: inout ByteBuffer) -> String? {
    switch buffer.withReadable({ framer.next(in: $0) }) {
    case .needMore: return nil
    case .skip(let consumed):
      buffer.consume(consumed)
      return consumed == 0 ? nil : "<skip>"
    case .tooLong(let consumed):
      buffer.consume(consumed)
      return "<too long>"
    case .line(let length, let consumed, let isBare):
      let line = String(decoding: buffer.array().prefix(length), as: UTF8.self)
      buffer.consume(consumed)
      return isBare ? "\(line)<bare>" : line
    }
  }

  @Test(arguments: [
    ("", []), ("a", []), ("a\r\n", ["a"]), ("\r\n", [""]), ("\n", ["<bare>"]), ("a\r\nb\r\n", ["a", "b"]), ("a\nb\r\n", ["a<bare>", "b"]),
    ("a\r\r\n", ["a"]), ("a\rb\r\n", ["a\rb"]), ("\r\r\r\n", [""]),
  ])
  func linesEndAtLF(text: String, expected: [String]) {
    #expect(frames([text]) == expected)
    #expect(frames(text.unicodeScalars.map(String.init)) == expected)
  }

  @Test(arguments: [
    ("12345\r\nok\r\n", ["12345", "ok"]), ("123456\r\nok\r\n", ["<too long>", "ok"]), ("12345\nok\r\n", ["12345<bare>", "ok"]),
    ("123456\nok\r\n", ["<too long>", "ok"]), ("12345678901234567890\r\nok\r\n", ["<too long>", "ok"]),
  ])
  func theLimitIsTheLengthWithoutEnding(text: String, expected: [String]) {
    #expect(frames([text], limit: 5) == expected)
    #expect(frames(text.unicodeScalars.map(String.init), limit: 5) == expected)
  }

  @Test func anEndlessLineIsNotKept() {
    var framer = LineFramer(maximumLength: 10)
    func next(_ bytes: [UInt8]) -> LineFramer.Frame { bytes.withUnsafeBytes { framer.next(in: $0) } }
    let many = [UInt8](repeating: 0x61, count: 1000)
    let frames = [next(many), next(many), next([0x0a])]
    #expect(frames == [.skip(consumed: 1000), .skip(consumed: 1000), .tooLong(consumed: 1)])
  }
}
