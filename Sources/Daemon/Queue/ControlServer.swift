// SPDX-License-Identifier: Apache-2.0
import Bytes
import PluginHost
import Runtime
import Spool

/// The socket by which `weir queue` asks whoever has a lane: one request line, then the exit status, a newline and what to print.
///
/// The socket's permissions let in root and the mail owner only; the peer's user is checked all the same.
final class ControlServer: Sendable {
  private let path: String
  private let queue: Spool
  private let stages: [Stage]
  private let pool: BlockingPool
  private let log: Log
  private let place = Monitor<Place?>(nil)
  private static let maximumRequest = 1024
  private static let timeout = Duration.seconds(10)

  /// The listener is touched on its loop only.
  private final class Place: @unchecked Sendable {
    let loop: EventLoop
    let descriptor: Int32
    var listener: Listener?

    init(_ loop: EventLoop, _ descriptor: Int32) {
      self.loop = loop
      self.descriptor = descriptor
    }
  }

  init(path: String, queue: Spool, stages: [Stage] = [], pool: BlockingPool, log: Log) {
    self.path = path
    self.queue = queue
    self.stages = stages
    self.pool = pool
    self.log = log
  }

  func start(on loop: EventLoop) {
    let opened: Place
    do {
      opened = Place(loop, try ListeningSocket.open(path: path, mode: 0o600, backlog: 16))
    } catch {
      return log.error("master", "control socket: \(error)")
    }
    place.withLock { $0 = opened }
    loop.spawn { [self] in
      do {
        opened.listener = try Listener(opened.descriptor, on: loop) { connection, _ in
          loop.spawn { await self.serve(connection, loop) }
        } failed: { _ in
        }
      } catch {
        log.error("master", "control socket: \(error)")
      }
    }
  }

  /// Nobody is let in from now on.
  func stop() {
    let closed = place.withLock { place in
      defer { place = nil }
      return place
    }
    closed?.loop.spawn {
      closed?.listener?.close()
      closed?.listener = nil
      if let closed { closeDescriptor(closed.descriptor) }
    }
  }

  private func serve(_ connection: Int32, _ loop: EventLoop) async {
    guard PeerCredentials.areOurs(connection) else { return closeDescriptor(connection) }
    guard let stream = try? SocketStream(connection, on: loop) else { return }
    defer { stream.close() }
    guard let line = await readLine(stream, loop) else { return }
    let (queue, stages) = (queue, stages)
    let answer =
      await pool.run { line == StageReport.request ? QueueAnswer(text: StageReport.lines(stages)) : QueueCommands.perform(line, on: queue) }
      ?? QueueAnswer(status: ExitStatus.unavailable, text: "the daemon is busy\n")
    var output = ByteBuffer()
    output.append(answer.encoded)
    _ = await stream.write(&output, deadline: loop.now + Self.timeout)
  }

  private func readLine(_ stream: SocketStream, _ loop: EventLoop) async -> String? {
    var input = ByteBuffer()
    while input.count < Self.maximumRequest {
      if let line = input.withReadable({ bytes in bytes.firstIndex(of: 0x0a).map { String(decoding: bytes[..<$0], as: UTF8.self) } }) {
        return line
      }
      guard case .received = await stream.read(into: &input, deadline: loop.now + Self.timeout) else { return nil }
    }
    return nil
  }
}
