// SPDX-License-Identifier: Apache-2.0
import Bytes
import PluginHost
import Queue
import Runtime
import Settings
import Spool

/// The socket by which `weir queue` asks whoever has a lane: one request line, then the exit status, a newline and what to print.
///
/// The socket's permissions let in root and the mail owner only; the peer's user is checked all the same. A second one is for everybody, and for a few
/// requests: `Visitors` says whose.
final class ControlServer: Sendable {
  /// What users may ask who are neither root nor the mail owner.
  struct Visitors: Sendable {
    let mayList: @Sendable (String) -> Bool
    let mayFlush: @Sendable (String) -> Bool

    init(_ setup: Setup) {
      mayList = setup.users(setup.configuration[Keys.authorizedMailqUsers])
      mayFlush = setup.users(setup.configuration[Keys.authorizedFlushUsers])
    }

    /// Why not; nil if they may.
    fileprivate func refusal(_ line: String, _ uid: UInt32) -> String? {
      let user = (try? SystemUser.find(uid: uid))?.name ?? "\(uid)"
      let verb = line.prefix { $0 != " " }
      switch verb {
      case "facts": return mayList(user) ? nil : "User \(user)(\(uid)) is not allowed to view the mail queue\n"
      case "flush", "flush-site": return mayFlush(user) ? nil : "User \(user)(\(uid)) is not allowed to flush the mail queue\n"
      default: return "User \(user)(\(uid)) may not ask for that\n"
      }
    }
  }

  /// Whether this process takes mail in.
  static let intakeQuestion = "intake"

  private let path: String
  private let visitors: Visitors?
  private let queue: Spool
  /// Nil where no mail is taken in.
  private let intake: QueueIntake?
  private let stages: [Stage]
  private let pool: BlockingPool
  private let log: Log
  private let place = Monitor<Place?>(nil)
  private let served = Monitor(0)
  private static let maximumRequest = 64 << 10
  /// Of everybody, at a time.
  private static let maximumVisitors = 16
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

  init(path: String, visitors: Visitors? = nil, queue: Spool, intake: QueueIntake? = nil, stages: [Stage] = [], pool: BlockingPool, log: Log) {
    self.path = path
    self.visitors = visitors
    self.intake = intake
    self.queue = queue
    self.stages = stages
    self.pool = pool
    self.log = log
  }

  func start(on loop: EventLoop) {
    let opened: Place
    do {
      opened = Place(loop, try ListeningSocket.open(path: path, mode: visitors == nil ? 0o600 : 0o666, backlog: 16))
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
    guard let uid = PeerCredentials.uid(connection), visitors != nil || PeerCredentials.areOurs(connection), enter() else {
      return closeDescriptor(connection)
    }
    defer { served.withLock { $0 -= 1 } }
    guard let stream = try? SocketStream(connection, on: loop) else { return }
    defer { stream.close() }
    var input = ByteBuffer()
    guard let line = await readLine(stream, loop, &input) else { return }
    if visitors == nil, let intake, let request = QueueIntake.Request(line) {
      guard let (envelope, content) = await readMessage(request, stream, loop, &input) else { return }
      return await send(await intake.take(request, envelope, content), to: stream, loop)
    }
    let answer = await pool.run { [self] in self.answer(line, uid) } ?? QueueAnswer(status: ExitStatus.unavailable, text: "the daemon is busy\n")
    await send(answer, to: stream, loop)
  }

  private func send(_ answer: QueueAnswer, to stream: SocketStream, _ loop: EventLoop) async {
    var output = ByteBuffer()
    output.append(answer.encoded)
    _ = await stream.write(&output, deadline: loop.now + Self.timeout)
  }

  /// What follows the line.
  private func readMessage(
    _ request: QueueIntake.Request, _ stream: SocketStream, _ loop: EventLoop, _ input: inout ByteBuffer
  ) async -> (envelope: [UInt8], content: ContentChunk)? {
    while input.count < request.envelope + request.content {
      guard case .received = await stream.read(into: &input, deadline: loop.now + Self.timeout) else { return nil }
    }
    let envelope = input.withReadable { Array($0.prefix(request.envelope)) }
    input.consume(request.envelope)
    var taken = ByteBuffer()
    swap(&taken, &input)
    return (envelope, ContentChunk(taken))
  }

  /// False when there are too many.
  private func enter() -> Bool {
    served.withLock { served in
      guard visitors == nil || served < Self.maximumVisitors else { return false }
      served += 1
      return true
    }
  }

  private func answer(_ line: String, _ uid: UInt32) -> QueueAnswer {
    if let text = visitors?.refusal(line, uid) { return QueueAnswer(status: ExitStatus.notPermitted, text: text) }
    if line == Self.intakeQuestion { return QueueAnswer(status: intake == nil ? ExitStatus.unavailable : ExitStatus.success, text: "") }
    if line == StageReport.request { return QueueAnswer(text: StageReport.lines(stages)) }
    return QueueCommands.perform(line, on: queue) { [log] id, deed in log.info("postsuper", id, deed) }
  }

  private func readLine(_ stream: SocketStream, _ loop: EventLoop, _ input: inout ByteBuffer) async -> String? {
    while input.count < Self.maximumRequest {
      if let end = input.withReadable({ $0.firstIndex(of: 0x0a) }) {
        let line = input.withReadable { String(decoding: $0[..<end], as: UTF8.self) }
        input.consume(end + 1)
        return line
      }
      guard case .received = await stream.read(into: &input, deadline: loop.now + Self.timeout) else { return nil }
    }
    return nil
  }
}
