// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Opens listening sockets; the supervisor does, and hands the descriptors down.
package enum ListeningSocket {
  package static func open(_ address: SocketAddress, backlog: Int32) throws(SystemError) -> Int32 {
    var raw = address.raw
    return try SystemError.check(clinux_listen_ip(&raw, backlog, 0), "listen on \(address) port \(address.port)")
  }

  /// While `others` listen on the same port, which are about to be closed: 0.0.0.0 can take the place of 127.0.0.1.
  package static func open(_ address: SocketAddress, backlog: Int32, beside others: [Int32]) throws(SystemError) -> Int32 {
    var raw = address.raw
    for other in others { _ = clinux_share_port(other, 1) }
    defer { for other in others { _ = clinux_share_port(other, 0) } }
    let descriptor = try SystemError.check(clinux_listen_ip(&raw, backlog, 1), "listen on \(address) port \(address.port)")
    _ = clinux_share_port(descriptor, 0)
    return descriptor
  }

  /// Another length of the queue of those who wait for a socket that is open already.
  package static func setBacklog(_ backlog: Int32, of descriptor: Int32) { _ = clinux_listen(descriptor, backlog) }

  /// The permissions of a unix socket that is open already.
  package static func setMode(_ mode: UInt32, of path: String) { _ = chmod(path, mode) }

  /// `mode` as chmod; a socket left behind at `path` is replaced.
  package static func open(path: String, mode: UInt32, backlog: Int32) throws(SystemError) -> Int32 {
    try SystemError.check(clinux_listen_unix(path, mode, backlog), "listen on \(path)")
  }

  /// The address it is bound to: the port that the kernel chose where 0 was asked.
  package static func address(of descriptor: Int32) throws(SystemError) -> SocketAddress {
    var raw = clinux_address()
    _ = try SystemError.check(clinux_local_address(descriptor, &raw), "getsockname")
    return SocketAddress(raw)
  }
}

/// Accepts connections on one event loop from a listening socket, which several loops may share. On the loop's thread.
package final class Listener {
  private let loop: EventLoop
  private let descriptor: Int32
  private var token: UInt64?
  private var retry: LoopTimer?
  private let accepted: (Int32, SocketAddress) -> Void
  private let failed: (SystemError) -> Void

  /// After a lack of descriptors or memory, accepting is tried again this much later.
  private static let retryDelay = Duration.milliseconds(200)
  private static let perTurn = 64
  private static let mostRounds = 64

  /// `accepted` gets each new connection's descriptor and owns it. The listening descriptor stays the caller's.
  package init(
    _ descriptor: Int32, on loop: EventLoop, accepted: @escaping (Int32, SocketAddress) -> Void, failed: @escaping (SystemError) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.descriptor = descriptor
    self.accepted = accepted
    self.failed = failed
    token = try loop.watchListener(descriptor, self)
  }

  /// Stops accepting; what waits in the backlog is for others.
  package func close() {
    pause()
    if let retry { loop.remove(retry) }
    retry = nil
  }

  /// As `close`, but takes those who wait at this moment: the kernel may have told nobody else of them.
  package func drain() {
    close()
    var rounds = Listener.mostRounds
    while rounds > 0 {
      guard case .more = acceptSome() else { return }
      rounds -= 1
    }
  }

  /// Takes who waits, if the kernel has told only a process of it that then died.
  package func look() { if token != nil { becameReady([]) } }

  private func pause() {
    if let token { loop.unwatch(token, descriptor) }
    token = nil
  }

  private func resume() {
    do {
      token = try loop.watchListener(descriptor, self)
    } catch {
      failed(error)
    }
  }

  private func acceptFailed(_ error: SystemError) {
    failed(error)
    pause()
    let timer = retry ?? loop.timer { [unowned self] in resume() }
    retry = timer
    loop.arm(timer, at: loop.now + Listener.retryDelay)
  }
}

extension Listener: Watcher {
  func becameReady(_ readiness: Readiness) {
    if case .failed(let error) = acceptSome() { acceptFailed(error) }
  }

  private enum Accepted { case all, more, failed(SystemError) }

  private func acceptSome() -> Accepted {
    for _ in 0..<Listener.perTurn {
      var peer = clinux_address()
      let result = clinux_accept(descriptor, &peer)
      switch -result {
      case _ where result >= 0: accepted(result, SocketAddress(peer))
      case EAGAIN: return .all
      case ECONNABORTED, EINTR, EPROTO, EPERM: continue
      default: return .failed(SystemError(code: -result, operation: "accept"))
      }
    }
    return .more
  }
}
