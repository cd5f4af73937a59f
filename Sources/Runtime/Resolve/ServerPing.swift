// SPDX-License-Identifier: Apache-2.0
import CLinux
import Names

/// Whether a name server is there at all: it is asked who serves the root, past libunbound and its cache, and any answer counts. On its loop's thread.
final class ServerPing: Watcher {
  private let loop: EventLoop
  private let descriptor: Int32
  private var token: UInt64 = 0
  private(set) var isAnswered = false

  /// Nil if it cannot be asked in this way.
  init?(_ server: ResolverConfiguration.Server, on loop: EventLoop) {
    // The interface of a link-local address is libunbound's to find.
    guard server.zone.isEmpty, let descriptor = try? ConnectingSocket.openDatagrams(SocketAddress(server.address, port: server.port)) else {
      return nil
    }
    self.loop = loop
    self.descriptor = descriptor
    do throws(SystemError) {
      token = try loop.watch(descriptor, self)
    } catch {
      closeDescriptor(descriptor)
      return nil
    }
    send()
  }

  /// A datagram can get lost: asks again.
  func send() { _ = Self.question.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, $0.count) } }

  func becameReady(_ readiness: Readiness) {
    var head: (UInt64, UInt32) = (0, 0)
    // RFC 1035 §4.1.1: twelve bytes are the least that an answer has. A refusal of the kernel's is an error here, and no sign of life.
    let count = withUnsafeMutableBytes(of: &head) { clinux_receive(descriptor, $0.baseAddress, 12) }
    if count == 12 { isAnswered = true }
  }

  deinit {
    loop.unwatch(token, descriptor)
    closeDescriptor(descriptor)
  }

  /// RFC 1035 §4.1: with recursion desired, one question: the NS records of the root.
  private static let question: [UInt8] = [0x57, 0x52, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1]
}
