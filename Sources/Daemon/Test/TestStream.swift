// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// A connection in memory, with a client at its other end that answers at once. No pause takes time.
final class TestStream: ByteStream {
  private(set) var client: TestClient
  private var written: [UInt8] = []
  private var lines: [String] = []
  private var isClosed = false

  init(_ client: TestClient) { self.client = client }

  var now: Instant { .now() }

  func read(into buffer: inout ByteBuffer, deadline: Instant) async -> ReadOutcome {
    guard !isClosed, let reply = nextReply() else { return .endOfStream }
    let bytes = client.received(reply)
    if bytes.isEmpty { return .endOfStream }
    buffer.append(bytes)
    return .received(bytes.count)
  }

  func write(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome {
    written += buffer.array()
    buffer.removeAll()
    return .written
  }

  /// What was said last is a reply, too, even where nothing is read after it.
  func close() {
    if !isClosed, let reply = nextReply() { _ = client.received(reply) }
    isClosed = true
  }

  private func nextReply() -> [String]? {
    while let end = written.firstIndex(of: 0x0a) {
      let line = String(decoding: written[..<end], as: UTF8.self)
      written.removeSubrange(...end)
      lines.append(line.hasSuffix("\r") ? String(line.dropLast()) : line)
      guard line.dropFirst(3).first != "-" else { continue }
      defer { lines = [] }
      return lines
    }
    return nil
  }

  func pause(until deadline: Instant) async {}
  func yield() async {}
  func interrupt() {}
  func peek(into buffer: inout ByteBuffer, beyond known: Int, deadline: Instant) async -> ReadOutcome { .timedOut }
  func stopPeeking() {}
  func skip(_ count: Int) {}

  func startTLS(_ context: TLSServerContext, deadline: Instant) async -> Result<Runtime.TLSFacts, TLSError> { .failure(.connectionLost) }
}
