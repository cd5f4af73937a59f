// SPDX-License-Identifier: Apache-2.0
import Glibc

@testable import Runtime

/// Takes one connection on the loopback interface, in a thread of its own, and sends back what it reads until the end.
final class EchoServer {
  struct Result: Equatable, Sendable {
    var handshake: TLSProgress?
    var facts: TLSFacts?
    var received: [UInt8] = []
    var end: TLSTransfer?
  }

  let port: UInt16
  private let thread: Runtime.Thread
  private let result = Monitor<Result>(Result())

  init(_ context: TLSServerContext) throws {
    signal(SIGPIPE, SIG_IGN)
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) != 0 || listen(listener, 1) != 0 || getsockname(listener, $0, &length) != 0
      }
    }
    guard !failed else { throw SystemError.last("listen") }
    port = UInt16(bigEndian: address.sin_port)
    let result = result
    thread = try Runtime.Thread(name: "echo") {
      guard Self.wait(listener, forInput: true) else { return }
      let connection = accept(listener, nil, nil)
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
      _ = fcntl(connection, F_SETFL, O_NONBLOCK)
      close(listener)
      let outcome = Self.serve(connection, context)
      close(connection)
      result.withLock { $0 = outcome }
    }
  }

  /// Waits for the connection's end.
  func finish() -> Result {
    thread.join()
    return result.withLock { $0 }
  }

  private static func serve(_ connection: Int32, _ context: TLSServerContext) -> Result {
    var result = Result()
    guard let session = try? TLSSession(server: context, descriptor: connection) else { return result }
    var progress = session.handshake()
    while !progress.isFinal, wait(connection, forInput: progress == .wantRead) { progress = session.handshake() }
    result.handshake = progress
    guard progress == .done else { return result }
    result.facts = session.facts
    while true {
      let (transfer, bytes) = session.read()
      result.end = transfer
      result.received += bytes
      switch transfer {
      case .bytes: if !sendBack(bytes, session, connection) { return result }
      case .wantRead: if !wait(connection, forInput: true) { return result }
      case .wantWrite: if !wait(connection, forInput: false) { return result }
      case .closed:
        session.shutdown()
        return result
      case .failed: return result
      }
    }
  }

  private static func sendBack(_ bytes: [UInt8], _ session: TLSSession, _ connection: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch rest.withUnsafeBytes({ session.write($0) }) {
      case .bytes(let count): rest = rest.dropFirst(count)
      case .wantRead: if !wait(connection, forInput: true) { return false }
      case .wantWrite: if !wait(connection, forInput: false) { return false }
      case .closed, .failed: return false
      }
    }
    return true
  }

  /// The limit only keeps a broken test from hanging.
  private static func wait(_ descriptor: Int32, forInput: Bool) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(forInput ? POLLIN : POLLOUT), revents: 0)
    return poll(&entry, 1, 30_000) > 0
  }
}
