// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// A connection to another process in whole packets, each with a descriptor if need be. The calls of this type may block.
package enum PacketSocket {
  package struct Packet: Sendable {
    package let bytes: [UInt8]
    /// The receiver's to close.
    package let descriptor: Int32?
  }

  /// Two ends of one connection; packets up to `size` pass.
  package static func pair(size: Int) throws(SystemError) -> (Int32, Int32) {
    var (left, right): (Int32, Int32) = (-1, -1)
    _ = try SystemError.check(clinux_packet_pair(&left, &right, Int32(clamping: size)), "socketpair")
    return (left, right)
  }

  /// False: no room after `timeout`.
  package static func send(_ bytes: [UInt8], descriptor: Int32? = nil, to socket: Int32, timeout: Duration) throws(SystemError) -> Bool {
    while true {
      let result = bytes.withUnsafeBytes { clinux_send_packet(socket, $0.baseAddress, $0.count, descriptor ?? -1) }
      if result >= 0 { return true }
      guard -result == Int(EAGAIN) else { throw SystemError(code: Int32(-result), operation: "send") }
      if try !wait(socket, POLLOUT, timeout) { return false }
    }
  }

  /// The next packet; nil after `timeout`. The end of the connection is an error.
  package static func receive(from socket: Int32, limit: Int, timeout: Duration) throws(SystemError) -> Packet? {
    // What is not written to stays no memory of this process.
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 16)
    defer { space.deallocate() }
    while true {
      var descriptor: Int32 = -1
      let result = clinux_receive_packet(socket, space.baseAddress, space.count, &descriptor)
      if result > 0 { return Packet(bytes: Array(space[..<result]), descriptor: descriptor >= 0 ? descriptor : nil) }
      if result == 0 { throw SystemError(code: ECONNRESET, operation: "receive") }
      guard -result == Int(EAGAIN) else { throw SystemError(code: Int32(-result), operation: "receive") }
      if try !wait(socket, POLLIN, timeout) { return nil }
    }
  }

  /// Tells the other end that nothing more comes.
  package static func end(_ socket: Int32) { _ = clinux_shutdown_write(socket) }

  /// Those of the descriptors that can be read, or are at their end. Empty after `timeout`.
  package static func ready(_ descriptors: [Int32], timeout: Duration) throws(SystemError) -> Set<Int32> {
    var requests = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let result = poll(&requests, nfds_t(requests.count), Int32(clamping: Int64(timeout / .milliseconds(1))))
    if result < 0, errno != EINTR { throw SystemError.last("poll") }
    return result <= 0 ? [] : Set(requests.filter { $0.revents != 0 }.map(\.fd))
  }

  private static func wait(_ socket: Int32, _ events: Int32, _ timeout: Duration) throws(SystemError) -> Bool {
    let (seconds, attoseconds) = timeout.components
    let milliseconds = max(0, min(seconds, 1_000_000)) * 1000 + attoseconds / 1_000_000_000_000_000
    var request = pollfd(fd: socket, events: Int16(events), revents: 0)
    let result = poll(&request, 1, Int32(clamping: milliseconds))
    if result < 0, errno != EINTR { throw SystemError.last("poll") }
    return result != 0
  }
}

/// A connection in whole packets on an event loop. On the loop's thread.
package final class PacketChannel: Watcher {
  private let loop: EventLoop
  private let descriptor: Int32
  private var token: UInt64?
  private var waiting: [(bytes: [UInt8], descriptor: Int32)] = []
  private var head = 0
  private let space: UnsafeMutableRawBufferPointer
  /// Bytes, and a descriptor that the callee owns. The bytes are good during the call.
  private var received: ((UnsafeRawBufferPointer, Int32?) -> Void)?
  private var ended: (() -> Void)?
  private var isReading = false

  private static let packetsPerTurn = 64

  /// Takes the descriptor over.
  package init(_ descriptor: Int32, on loop: EventLoop, limit: Int) {
    self.loop = loop
    self.descriptor = descriptor
    space = .allocate(byteCount: limit, alignment: 16)
  }

  deinit {
    for packet in waiting[head...] { closeDescriptor(packet.descriptor) }
    if token == nil, !isClosed { closeDescriptor(descriptor) }
    space.deallocate()
  }

  private var isClosed = false

  package func start(received: @escaping (UnsafeRawBufferPointer, Int32?) -> Void, ended: @escaping () -> Void) throws(SystemError) {
    self.received = received
    self.ended = ended
    token = try loop.watch(descriptor, self)
    read()
  }

  /// How many packets wait because the other side does not take them.
  package var backlog: Int { waiting.count - head }

  /// The descriptor is closed when it has been sent, or cannot be.
  package func send(_ bytes: [UInt8], descriptor passed: Int32 = -1) {
    guard !isClosed else { return closeDescriptor(passed) }
    if backlog == 0, transmit(bytes, passed) { return }
    if !isClosed { waiting.append((bytes, passed)) } else { closeDescriptor(passed) }
  }

  /// Whether it is on its way, or never will be.
  private func transmit(_ bytes: [UInt8], _ passed: Int32) -> Bool {
    let result = bytes.withUnsafeBytes { clinux_send_packet(descriptor, $0.baseAddress, $0.count, passed) }
    if -result == Int(EAGAIN) || -result == Int(ETOOMANYREFS) { return false }
    closeDescriptor(passed)
    // What follows from a connection that broke is done when its end is read.
    return true
  }

  private func flush() {
    while head < waiting.count {
      guard transmit(waiting[head].bytes, waiting[head].descriptor) else { return }
      head += 1
    }
    waiting.removeAll(keepingCapacity: true)
    head = 0
  }

  func becameReady(_ readiness: Readiness) {
    if !readiness.isDisjoint(with: [.writable, .failed]) { flush() }
    if !readiness.isDisjoint(with: [.readable, .failed, .peerClosed]) { read() }
  }

  private func read() {
    guard !isReading else { return }
    isReading = true
    defer { isReading = false }
    for _ in 0..<Self.packetsPerTurn {
      guard !isClosed else { return }
      var passed: Int32 = -1
      let result = clinux_receive_packet(descriptor, space.baseAddress, space.count, &passed)
      if result > 0 {
        received?(UnsafeRawBufferPointer(rebasing: space[..<result]), passed >= 0 ? passed : nil)
      } else if -result == Int(EAGAIN) {
        return
      } else {
        return end()
      }
    }
    // Others of this loop come first; epoll would not tell again of what is there already.
    let channel = self
    nonisolated(unsafe) let again = channel
    loop.spawn { again.read() }
  }

  private func end() {
    let ended = ended
    close()
    ended?()
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    if let token { loop.unwatch(token, descriptor) }
    token = nil
    closeDescriptor(descriptor)
    received = nil
    ended = nil
  }
}
