// SPDX-License-Identifier: Apache-2.0
import Bytes

/// How a read ended.
package enum ReadOutcome: Equatable, Sendable {
  case received(Int)
  case endOfStream
  case timedOut
  /// `interrupt` was called: the server wants to stop.
  case interrupted
  case failed(SystemError)
}

/// How a write ended.
package enum WriteOutcome: Equatable, Sendable {
  case written
  case timedOut
  case failed(SystemError)
}

/// A connection as sessions see it. `SocketStream` is the real one; tests use an embedded twin with a manual clock.
///
/// Used by one task at a time, on one loop. A deadline belongs to the call it is given to.
package protocol ByteStream: AnyObject {
  /// Appends what has arrived, at least one byte; waits for it if need be.
  func read(into buffer: inout ByteBuffer, deadline: Instant) async -> ReadOutcome
  /// Puts what has arrived into the emptied buffer, once it is more than `known` bytes; it stays to be read. Before TLS only.
  func peek(into buffer: inout ByteBuffer, beyond known: Int, deadline: Instant) async -> ReadOutcome
  /// Makes a `peek` that waits answer `.interrupted`; without one, it does nothing.
  func stopPeeking()
  /// Throws away bytes that `peek` has shown.
  func skip(_ count: Int)
  /// Writes and consumes the whole buffer.
  func write(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome
  /// The same, and `close` follows at once: what is written may leave with the end of the stream.
  func writeLast(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome
  /// Waits until `deadline`.
  func pause(until deadline: Instant) async
  /// Lets the other sessions of the loop run.
  func yield() async
  /// Becomes the server side of TLS. What was received before must have been dropped.
  func startTLS(_ context: TLSServerContext, deadline: Instant) async -> Result<TLSFacts, TLSError>
  var now: Instant { get }
  /// Makes the read that waits, or else the next one, answer `.interrupted`.
  func interrupt()
  func close()
}

extension ByteStream {
  package func writeLast(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome { await write(&buffer, deadline: deadline) }
}
