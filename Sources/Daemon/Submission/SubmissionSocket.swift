// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// Hands a message in to the daemon, from a command.
enum SubmissionSocket {
  /// Sends and answers have this long, stages that look at the content included.
  private static let timeout = Duration.seconds(600)
  private static let piece = 1 << 18

  /// Nil when no daemon answers, or it has gone before it had the whole message: then nothing was taken.
  static func submit(_ submission: LocalSubmission, _ content: [UInt8], to path: String) -> SubmissionClient.Outcome? {
    guard let stream = try? BlockingStream.connect(path: path) else { return nil }
    return run(stream, submission, content)
  }

  private static func run(_ stream: BlockingStream, _ submission: LocalSubmission, _ content: [UInt8]) -> SubmissionClient.Outcome? {
    var input = ByteBuffer()
    var replies = ReplyLines()
    var client = SubmissionClient(submission)
    while let reply = nextReply(stream, &input, &replies) {
      switch client.received(reply) {
      case .send(let text): guard write(Array(text.utf8), stream) else { return nil }
      case .sendContent: guard send(content, stream) else { return nil }
      case .end(let outcome):
        _ = write(Array("QUIT\r\n".utf8), stream)
        return outcome
      }
    }
    return nil
  }

  private static func nextReply(_ stream: BlockingStream, _ input: inout ByteBuffer, _ replies: inout ReplyLines) -> [String]? {
    while true {
      while let end = input.withReadable({ $0.firstIndex(of: 0x0a) }) {
        let line = input.withReadable { String(decoding: $0[..<end], as: UTF8.self) }
        input.consume(end + 1)
        if let reply = replies.add(line) { return reply }
      }
      guard input.count < piece, case .received = stream.read(into: &input, timeout: timeout) else { return nil }
    }
  }

  private static func write(_ bytes: [UInt8], _ stream: BlockingStream) -> Bool {
    bytes.withUnsafeBytes { stream.write($0, timeout: timeout) == .written }
  }

  private static func send(_ content: [UInt8], _ stream: BlockingStream) -> Bool {
    content.withUnsafeBytes { bytes in
      var encoder = ContentEncoder()
      var position = 0
      while position < bytes.count {
        let end = min(bytes.count, position + piece)
        var output = ByteBuffer()
        encoder.encode(UnsafeRawBufferPointer(rebasing: bytes[position..<end]), into: &output)
        guard output.withReadable({ stream.write($0, timeout: timeout) }) == .written else { return false }
        position = end
      }
      var end = ByteBuffer()
      encoder.finish(into: &end)
      return end.withReadable { stream.write($0, timeout: timeout) } == .written
    }
  }
}
