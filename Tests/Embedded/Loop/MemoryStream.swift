// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Synchronization

/// The twin of `SocketStream` for tests: the test plays the client, by hand.
package final class MemoryStream: ByteStream, Sendable {
  private struct State {
    var incoming: [UInt8] = []
    var outgoing: [UInt8] = []
    var ended = false
    var interrupted = false
    var peekEnds = false
    var closed = false
    var handshakes = 0
    /// Waits for input; the number tells a timer whether it still means this read.
    var reader: UnsafeContinuation<Bool, Never>?
    var reads = 0
  }

  private let loop: EmbeddedLoop
  private let state = Mutex(State())
  /// What the next handshakes answer.
  private let facts: TLSFacts?

  package init(on loop: EmbeddedLoop, handshake facts: TLSFacts? = nil) {
    self.loop = loop
    self.facts = facts
  }

  // MARK: The client's side

  package func send(_ text: String) { send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) {
    state.withLock { $0.incoming += bytes }
    resumeReader(true)
  }

  /// The client closes its side.
  package func end() {
    state.withLock { $0.ended = true }
    resumeReader(true)
  }

  /// What the server has written since the last call.
  package func takeOutput() -> String {
    state.withLock { state in
      defer { state.outgoing = [] }
      return String(decoding: state.outgoing, as: UTF8.self)
    }
  }

  package var isClosed: Bool { state.withLock { $0.closed } }
  package var handshakes: Int { state.withLock { $0.handshakes } }

  // MARK: The server's side

  package var now: Instant { loop.now }

  package func read(into buffer: inout ByteBuffer, deadline: Instant) async -> ReadOutcome {
    while true {
      if let outcome = take(into: &buffer) { return outcome }
      if await waitForInput(deadline) == false { return .timedOut }
    }
  }

  private func take(into buffer: inout ByteBuffer) -> ReadOutcome? {
    let (outcome, bytes) = state.withLock { state -> (ReadOutcome?, [UInt8]) in
      if state.interrupted {
        state.interrupted = false
        return (.interrupted, [])
      }
      if state.incoming.isEmpty { return (state.ended || state.closed ? .endOfStream : nil, []) }
      defer { state.incoming = [] }
      return (.received(state.incoming.count), state.incoming)
    }
    buffer.append(bytes)
    return outcome
  }

  package func peek(into buffer: inout ByteBuffer, beyond known: Int, deadline: Instant) async -> ReadOutcome {
    while true {
      if let outcome = look(into: &buffer, beyond: known) { return outcome }
      state.withLock { $0.peekEnds = false }
      if await waitForInput(deadline) == false { return .timedOut }
      if state.withLock({ $0.peekEnds }) { return .interrupted }
    }
  }

  package func stopPeeking() {
    state.withLock { $0.peekEnds = true }
    resumeReader(true)
  }

  private func look(into buffer: inout ByteBuffer, beyond known: Int) -> ReadOutcome? {
    let (outcome, bytes) = state.withLock { state -> (ReadOutcome?, [UInt8]) in
      if state.interrupted {
        state.interrupted = false
        return (.interrupted, [])
      }
      if state.incoming.count > known { return (.received(state.incoming.count), state.incoming) }
      return (state.ended || state.closed ? .endOfStream : nil, [])
    }
    if case .received = outcome {
      buffer.removeAll()
      buffer.append(bytes)
    }
    return outcome
  }

  package func skip(_ count: Int) { state.withLock { $0.incoming.removeFirst(min(count, $0.incoming.count)) } }

  /// False when the deadline passed first.
  private func waitForInput(_ deadline: Instant) async -> Bool {
    await withUnsafeContinuation { continuation in
      let read = state.withLock { state in
        state.reader = continuation
        state.reads += 1
        return state.reads
      }
      if deadline != .never { loop.wake(at: deadline) { self.resumeReader(false, onlyRead: read) } }
    }
  }

  private func resumeReader(_ hasInput: Bool, onlyRead read: Int? = nil) {
    let reader = state.withLock { state -> UnsafeContinuation<Bool, Never>? in
      if let read, read != state.reads { return nil }
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: hasInput)
  }

  package func write(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome {
    let bytes = buffer.array()
    buffer.removeAll()
    return state.withLock { state in
      if state.closed || state.ended { return .failed(SystemError(code: 32, operation: "send")) }
      state.outgoing += bytes
      return .written
    }
  }

  package func pause(until deadline: Instant) async { await loop.sleep(until: deadline) }

  package func yield() async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in continuation.resume() }
  }

  package func startTLS(_ context: TLSServerContext, deadline: Instant) async -> Result<TLSFacts, TLSError> {
    state.withLock { $0.handshakes += 1 }
    guard let facts else { return .failure(.connectionLost) }
    return .success(facts)
  }

  package func interrupt() {
    state.withLock { $0.interrupted = true }
    resumeReader(true)
  }

  package func close() {
    state.withLock { $0.closed = true }
    resumeReader(true)
  }
}
