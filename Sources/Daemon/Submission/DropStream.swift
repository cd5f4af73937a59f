// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import SMTP

/// A connection in memory by which a message of the drop folder comes in, as if `sendmail` had handed it in.
final class DropStream: ByteStream {
  private let contents: DropContents
  private let loop: EventLoop
  private let pool: BlockingPool
  private var client: SubmissionClient
  private var replies = ReplyLines()
  private var written = ByteBuffer()
  private var encoder = ContentEncoder()
  private var isSending = false
  private var isInterrupted = false
  private(set) var outcome: SubmissionClient.Outcome?

  /// Used on the loop only.
  init(_ contents: DropContents, on loop: EventLoop, pool: BlockingPool) {
    self.contents = contents
    self.loop = loop
    self.pool = pool
    client = SubmissionClient(contents.submission)
  }

  var now: Instant { loop.now }

  func read(into buffer: inout ByteBuffer, deadline: Instant) async -> ReadOutcome {
    if isInterrupted { return .interrupted }
    if isSending { return await readContent(into: &buffer) }
    while outcome == nil, let reply = nextReply() {
      switch client.received(reply) {
      case .send(""): continue
      case .send(let text):
        buffer.append(text)
        return .received(text.utf8.count)
      case .sendContent:
        isSending = true
        return await readContent(into: &buffer)
      case .end(let found):
        outcome = found
        buffer.append("QUIT\r\n")
        return .received(6)
      }
    }
    return .endOfStream
  }

  private func readContent(into buffer: inout ByteBuffer) async -> ReadOutcome {
    // The contents are used by one at a time: the session waits.
    nonisolated(unsafe) let contents = contents
    let piece = await pool.run { () -> Result<[UInt8]?, DropContents.Fault>? in
      do throws(DropContents.Fault) { return .success(try contents.nextPiece()) } catch { return .failure(error) }
    }
    let before = buffer.count
    switch piece ?? nil {
    case .success(let bytes?): bytes.withUnsafeBytes { encoder.encode($0, into: &buffer) }
    case .success(nil):
      encoder.finish(into: &buffer)
      isSending = false
    case .failure, nil: return .endOfStream
    }
    // A piece may be empty: the session waits for at least one byte.
    return buffer.count > before ? .received(buffer.count - before) : await readContent(into: &buffer)
  }

  func write(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome {
    buffer.withReadable { written.append($0) }
    buffer.removeAll()
    return .written
  }

  private func nextReply() -> [String]? {
    while let end = written.withReadable({ $0.firstIndex(of: 0x0a) }) {
      let line = written.withReadable { String(decoding: $0[..<end], as: UTF8.self) }
      written.consume(end + 1)
      if let reply = replies.add(line) { return reply }
    }
    return nil
  }

  func pause(until deadline: Instant) async {}
  func yield() async {}
  func interrupt() { isInterrupted = true }
  func close() {}
  func peek(into buffer: inout ByteBuffer, beyond known: Int, deadline: Instant) async -> ReadOutcome { .timedOut }
  func stopPeeking() {}
  func skip(_ count: Int) {}

  func startTLS(_ context: TLSServerContext, deadline: Instant) async -> Result<Runtime.TLSFacts, TLSError> { .failure(.connectionLost) }
}
