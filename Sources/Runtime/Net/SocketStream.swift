// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLinux
import Glibc

/// A connected socket on one event loop, plain or TLS.
///
/// Sendable so that it can be handed to its loop; it is used on that loop only.
/// Edge-triggered: `readable` and `writable` remember what epoll said until a call has answered that there is no more.
package final class SocketStream: ByteStream, @unchecked Sendable {
  private enum Wakeup { case ready, timedOut, interrupted }

  private let loop: EventLoop
  private let descriptor: Int32
  private var token: UInt64 = 0
  private var isOpen = true
  private var readable = false
  private var writable = true
  private var peerClosed = false
  private var interrupted = false
  private var tls: TLSSession?
  /// What has been written and leaves at the end of the turn.
  private var parting = ByteBuffer()
  private var isParting = false
  /// Bytes written since something was received: what so few replies are the kernel takes.
  private var unanswered = 0
  private var failure: SystemError?
  private var reader: UnsafeContinuation<Wakeup, Never>?
  private var writer: UnsafeContinuation<Wakeup, Never>?
  private var readTimer: LoopTimer?
  private var writeTimer: LoopTimer?

  private static let longestParting = 8 * 1024

  /// Takes over `descriptor`, which is closed on failure too. On the loop's thread.
  package init(_ descriptor: Int32, on loop: EventLoop) throws(SystemError) {
    self.loop = loop
    self.descriptor = descriptor
    do {
      token = try loop.watch(descriptor, self)
    } catch {
      closeDescriptor(descriptor)
      isOpen = false
      throw error
    }
  }

  deinit { if isOpen { closeDescriptor(descriptor) } }

  package var now: Instant { loop.now }

  // MARK: Connecting

  /// Waits until a connection that `ConnectingSocket` began stands; answers why it does not.
  package func connected(deadline: Instant) async -> SystemError? {
    writable = false
    if await waitUntilWritable(deadline) == .timedOut { return SystemError(code: ETIMEDOUT, operation: "connect") }
    let code = clinux_socket_error(descriptor)
    return code < 0 ? SystemError(code: -code, operation: "connect") : nil
  }

  /// Whether something has come, or the peer has closed, since all was read.
  package var hasNews: Bool {
    guard let tls, readable, !peerClosed else { return readable || peerClosed || tls.map { $0.pending > 0 } ?? false }
    // What has come may be a ticket, which is nothing to read.
    if tls.hasNothingToRead { readable = false }
    return readable
  }

  // MARK: Reading

  package func read(into buffer: inout ByteBuffer, deadline: Instant) async -> ReadOutcome {
    while isOpen {
      if interrupted {
        interrupted = false
        return .interrupted
      }
      if let outcome = receive(into: &buffer) { return outcome }
      if buffer.isEmpty { buffer.release() }
      switch await waitUntilReadable(deadline) {
      case .ready: continue
      case .timedOut: return .timedOut
      case .interrupted: continue
      }
    }
    return .endOfStream
  }

  /// One try; nil when there is nothing yet.
  private func receive(into buffer: inout ByteBuffer) -> ReadOutcome? {
    if let tls { return receive(through: tls, into: &buffer) }
    guard readable else { return nil }
    let count = clinux_receive(descriptor, loop.scratch.baseAddress, loop.scratch.count)
    if count > 0 {
      unanswered = 0
      // A short read has emptied the socket; what comes later makes a new edge, except an end that is already known.
      if count < loop.scratch.count, !peerClosed { readable = false }
      buffer.append(UnsafeRawBufferPointer(start: loop.scratch.baseAddress, count: count))
      return .received(count)
    }
    // Whoever has sent in vain is told why.
    if count == 0 { return failure.map(ReadOutcome.failed) ?? .endOfStream }
    if count == -Int(EAGAIN) {
      readable = false
      return nil
    }
    return .failed(SystemError(code: Int32(truncatingIfNeeded: -count), operation: "recv"))
  }

  private func receive(through tls: TLSSession, into buffer: inout ByteBuffer) -> ReadOutcome? {
    guard readable || tls.pending > 0 else { return nil }
    switch tls.read(into: loop.scratch) {
    case .bytes(let count):
      buffer.append(UnsafeRawBufferPointer(start: loop.scratch.baseAddress, count: count))
      return .received(count)
    case .wantRead, .wantWrite:
      readable = false
      return nil
    case .closed: return .endOfStream
    case .failed: return .endOfStream
    }
  }

  // MARK: Looking ahead

  package func peek(into buffer: inout ByteBuffer, beyond known: Int, deadline: Instant) async -> ReadOutcome {
    // What has been shown makes no new edge, and is still to be read.
    defer { if known > 0 { readable = true } }
    while isOpen {
      if interrupted {
        interrupted = false
        return .interrupted
      }
      if let outcome = look(into: &buffer, beyond: known) { return outcome }
      switch await waitUntilReadable(deadline) {
      case .ready: continue
      case .timedOut: return .timedOut
      case .interrupted:
        // By `stopPeeking`; an `interrupt` is seen above.
        if !interrupted { return .interrupted }
      }
    }
    return .endOfStream
  }

  package func stopPeeking() { resumeReader(.interrupted) }

  /// One try; nil when there is nothing new yet.
  private func look(into buffer: inout ByteBuffer, beyond known: Int) -> ReadOutcome? {
    guard readable else { return nil }
    let count = clinux_peek(descriptor, loop.scratch.baseAddress, loop.scratch.count)
    if count > known {
      buffer.removeAll()
      buffer.append(UnsafeRawBufferPointer(start: loop.scratch.baseAddress, count: count))
      return .received(count)
    }
    if count == 0 || count > 0 && peerClosed { return .endOfStream }
    if count > 0 || count == -Int(EAGAIN) {
      readable = false
      return nil
    }
    return .failed(SystemError(code: Int32(truncatingIfNeeded: -count), operation: "recv"))
  }

  package func skip(_ count: Int) { _ = clinux_receive(descriptor, loop.scratch.baseAddress, min(count, loop.scratch.count)) }

  // MARK: Writing

  /// A few lines leave with those of all other streams at the end of the loop's turn: whoever gets them is woken once for many.
  package func write(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome {
    if tls == nil, isOpen, failure == nil, unanswered + buffer.count <= Self.longestParting, writable {
      part(with: &buffer)
      return .written
    }
    return await write(&buffer, deadline, clinux_send)
  }

  private func part(with buffer: inout ByteBuffer) {
    unanswered += buffer.count
    if parting.isEmpty { swap(&parting, &buffer) } else { buffer.withReadable { parting.append($0) } }
    buffer.removeAll()
    guard !isParting, !parting.isEmpty else { return }
    isParting = true
    loop.atEndOfTurn(self)
  }

  /// One try. What the kernel does not take leaves when it has room.
  func sendParting() {
    isParting = false
    while isOpen, !parting.isEmpty {
      switch send(&parting, clinux_send) {
      case .written: continue
      case .timedOut: return
      case .failed(let error):
        failure = error
        parting.release()
      }
    }
    parting.release()
  }

  /// Its bytes and the FIN are one packet.
  package func writeLast(_ buffer: inout ByteBuffer, deadline: Instant) async -> WriteOutcome {
    await write(&buffer, deadline, clinux_send_more)
  }

  private typealias Sending = (Int32, UnsafeRawPointer?, Int) -> Int

  private func write(_ buffer: inout ByteBuffer, _ deadline: Instant, _ plain: Sending) async -> WriteOutcome {
    while true {
      sendParting()
      if let failure { return .failed(failure) }
      if parting.isEmpty { break }
      if await waitUntilWritable(deadline) == .timedOut { return .timedOut }
    }
    while !buffer.isEmpty {
      guard isOpen else { return .failed(SystemError(code: EBADF, operation: "send")) }
      switch send(&buffer, plain) {
      case .written: continue
      case .failed(let error): return .failed(error)
      case .timedOut:
        if await waitUntilWritable(deadline) == .timedOut { return .timedOut }
      }
    }
    return .written
  }

  /// One try; `.timedOut` stands for "not now".
  private func send(_ buffer: inout ByteBuffer, _ plain: Sending) -> WriteOutcome {
    if let tls { return send(&buffer, through: tls) }
    let count = buffer.withReadable { plain(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 {
      buffer.consume(count)
      return .written
    }
    if count == -Int(EAGAIN) {
      writable = false
      return .timedOut
    }
    return .failed(SystemError(code: Int32(truncatingIfNeeded: -count), operation: "send"))
  }

  private func send(_ buffer: inout ByteBuffer, through tls: TLSSession) -> WriteOutcome {
    switch buffer.withReadable({ tls.write($0) }) {
    case .bytes(let count):
      buffer.consume(count)
      return .written
    case .wantRead, .wantWrite:
      writable = false
      return .timedOut
    case .closed, .failed: return .failed(SystemError(code: EPIPE, operation: "TLS write"))
    }
  }

  // MARK: TLS

  package func startTLS(_ context: TLSServerContext, deadline: Instant) async -> Result<TLSFacts, TLSError> {
    do throws(TLSError) {
      return await secure(try TLSSession(server: context, descriptor: descriptor), on: context.handshakePool, deadline)
    } catch {
      return .failure(error)
    }
  }

  /// Becomes the client side of TLS, to a server of this name.
  package func startTLS(
    _ context: TLSClientContext, serverName: String?, deadline: Instant
  ) async -> Result<TLSFacts, TLSError> {
    do throws(TLSError) {
      return await secure(try TLSSession(client: context, descriptor: descriptor, serverName: serverName), on: nil, deadline)
    } catch {
      return .failure(error)
    }
  }

  /// Becomes the client side of TLS. What the server's certificate is worth, the facts say: whether that will do is the caller's to decide.
  package func startTLS(
    _ context: TLSClientContext, _ expectation: TLSExpectation, deadline: Instant
  ) async -> Result<TLSFacts, TLSError> {
    do throws(TLSError) {
      return await secure(try TLSSession(client: context, descriptor: descriptor, expectation), on: context.handshakePool, deadline)
    } catch {
      return .failure(error)
    }
  }

  private func secure(_ session: TLSSession, on pool: BlockingPool?, _ deadline: Instant) async -> Result<TLSFacts, TLSError> {
    var nothing = ByteBuffer()
    if case .failed(let error) = await write(&nothing, deadline, clinux_send) { return .failure(.system(error)) }
    tls = session
    while true {
      let wakeup: Wakeup
      switch await handshake(session, on: pool) {
      case .done: return .success(session.facts)
      case .failed(let error): return .failure(error)
      case .wantRead: wakeup = await waitUntilReadable(deadline)
      case .wantWrite: wakeup = await waitUntilWritable(deadline)
      }
      if wakeup == .timedOut { return .failure(.system(SystemError(code: ETIMEDOUT, operation: "TLS handshake"))) }
    }
  }

  /// One step. What it will wait for is forgotten before it: epoll may tell of more while a pool thread is still at work.
  private func handshake(_ session: TLSSession, on pool: BlockingPool?) async -> TLSProgress {
    readable = false
    writable = false
    let progress =
      if let pool { await pool.run { session.handshake() } ?? .failed(.library("too many handshakes at once")) } else { session.handshake() }
    if progress != .wantRead { readable = true }
    if progress != .wantWrite { writable = true }
    return progress
  }

  // MARK: Waiting

  private func waitUntilReadable(_ deadline: Instant) async -> Wakeup {
    if readable { return .ready }
    let timer = readTimer ?? loop.timer { [unowned self] in resumeReader(.timedOut) }
    readTimer = timer
    loop.arm(timer, at: deadline)
    return await withUnsafeContinuation { reader = $0 }
  }

  private func waitUntilWritable(_ deadline: Instant) async -> Wakeup {
    if writable { return .ready }
    let timer = writeTimer ?? loop.timer { [unowned self] in resumeWriter(.timedOut) }
    writeTimer = timer
    loop.arm(timer, at: deadline)
    return await withUnsafeContinuation { writer = $0 }
  }

  private func resumeReader(_ wakeup: Wakeup) {
    guard let continuation = reader else { return }
    reader = nil
    if let readTimer { loop.disarm(readTimer) }
    continuation.resume(returning: wakeup)
  }

  private func resumeWriter(_ wakeup: Wakeup) {
    guard let continuation = writer else { return }
    writer = nil
    if let writeTimer { loop.disarm(writeTimer) }
    continuation.resume(returning: wakeup)
  }

  package func pause(until deadline: Instant) async { await loop.sleep(until: deadline) }

  package func yield() async { await loop.yield() }

  package func interrupt() {
    interrupted = true
    resumeReader(.interrupted)
  }

  package func close() {
    guard isOpen else { return }
    sendParting()
    isOpen = false
    _ = tls?.shutdown()
    tls = nil
    loop.unwatch(token, descriptor)
    if let readTimer { loop.remove(readTimer) }
    if let writeTimer { loop.remove(writeTimer) }
    closeDescriptor(descriptor)
    resumeReader(.ready)
    resumeWriter(.ready)
  }
}

extension SocketStream: Watcher {
  func becameReady(_ readiness: Readiness) {
    if !readiness.isDisjoint(with: [.peerClosed, .failed]) { peerClosed = true }
    if !readiness.isDisjoint(with: [.readable, .peerClosed, .failed]) {
      readable = true
      resumeReader(.ready)
    }
    if !readiness.isDisjoint(with: [.writable, .failed]) {
      writable = true
      if !parting.isEmpty, !isParting { sendParting() }
      resumeWriter(.ready)
    }
  }
}
