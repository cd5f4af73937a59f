// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLinux
import Glibc

/// A connection for a thread that may block. Used by one thread at a time; never on an event loop.
package final class BlockingStream: @unchecked Sendable {
  private let descriptor: Int32

  /// Takes the descriptor over.
  package init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(descriptor) }

  /// Connects to a unix socket. A listener whose backlog is full counts as a failure.
  package static func connect(path: String) throws(SystemError) -> BlockingStream {
    BlockingStream(descriptor: try SystemError.check(clinux_connect_unix(path), "connect to \(path)"))
  }

  /// The next connection of a listening socket; nil after `timeout`.
  package static func accept(from listener: Int32, timeout: Duration) throws(SystemError) -> BlockingStream? {
    guard try wait(listener, POLLIN, timeout) else { return nil }
    var peer = clinux_address()
    let result = clinux_accept(listener, &peer)
    if [EAGAIN, EINTR, ECONNABORTED].contains(-result) { return nil }
    return BlockingStream(descriptor: try SystemError.check(result, "accept"))
  }

  /// Two ends of one connection.
  package static func pair() throws(SystemError) -> (BlockingStream, BlockingStream) {
    var (left, right): (Int32, Int32) = (-1, -1)
    _ = try SystemError.check(clinux_socket_pair(&left, &right), "socketpair")
    return (BlockingStream(descriptor: left), BlockingStream(descriptor: right))
  }

  /// Who opened the other end (SO_PEERCRED).
  package func peerUID() throws(SystemError) -> UInt32 {
    var uid: UInt32 = 0
    _ = try SystemError.check(clinux_peer_uid(descriptor, &uid), "SO_PEERCRED")
    return uid
  }

  /// Which process listens at the other end.
  package func peerPID() throws(SystemError) -> Int32 {
    var pid: Int32 = 0
    _ = try SystemError.check(clinux_peer_pid(descriptor, &pid), "SO_PEERCRED")
    return pid
  }

  /// Appends what has arrived, at least one byte.
  package func read(into buffer: inout ByteBuffer, timeout: Duration) -> ReadOutcome {
    while true {
      var result = 0
      _ = buffer.withWritable(minimum: BlockingStream.readSize) { space in
        result = clinux_receive(descriptor, space.baseAddress, space.count)
        return max(0, result)
      }
      if result > 0 { return .received(result) }
      if result == 0 { return .endOfStream }
      guard -result == Int(EAGAIN) || -result == Int(EINTR) else { return .failed(SystemError(code: Int32(-result), operation: "read")) }
      do throws(SystemError) {
        if try !BlockingStream.wait(descriptor, POLLIN, timeout) { return .timedOut }
      } catch {
        return .failed(error)
      }
    }
  }

  /// Writes all of `bytes`; `timeout` is for each part that the kernel takes.
  package func write(_ bytes: UnsafeRawBufferPointer, timeout: Duration) -> WriteOutcome {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let result = clinux_send(descriptor, base + done, bytes.count - done)
      if result >= 0 {
        done += result
        continue
      }
      guard -result == Int(EAGAIN) || -result == Int(EINTR) else { return .failed(SystemError(code: Int32(-result), operation: "write")) }
      do throws(SystemError) {
        if try !BlockingStream.wait(descriptor, POLLOUT, timeout) { return .timedOut }
      } catch {
        return .failed(error)
      }
    }
    return .written
  }

  /// The other end reads to the end now.
  package func endWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

  /// False after `timeout`.
  private static func wait(_ descriptor: Int32, _ events: Int32, _ timeout: Duration) throws(SystemError) -> Bool {
    let (seconds, attoseconds) = timeout.components
    let milliseconds = max(0, min(seconds, 1_000_000)) * 1000 + attoseconds / 1_000_000_000_000_000
    var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    let result = poll(&request, 1, Int32(milliseconds))
    if result < 0, errno != EINTR { throw SystemError.last("poll") }
    return result != 0
  }

  private static let readSize = 64 * 1024
}
