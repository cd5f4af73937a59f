// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings
import Spool

/// `weir queue`: asks the daemon when it runs, else takes the spool's lock and looks for itself.
struct QueueClient {
  private let setup: Setup

  init(_ setup: Setup) { self.setup = setup }

  /// Hands each part of the answer to `show`; answers the exit status.
  func perform(_ request: QueueRequest, show: (QueueAnswer) -> Void) -> Int32 {
    var request = request
    while true {
      let answer = performOne(request)
      show(answer)
      guard answer.status == ExitStatus.success, let next = answer.next else { return answer.status }
      request = .further(next)
    }
  }

  private func performOne(_ request: QueueRequest) -> QueueAnswer {
    // A daemon that is just starting or stopping has the lock and no socket, or the other way round: look again.
    for _ in 0..<Self.attempts {
      if let answer = askDaemon(request.line) ?? performHere(request) { return answer }
      Thread.sleep(.milliseconds(100))
    }
    let text = "weir: another process has the spool in \(setup.queueFolder), and no daemon answers at \(setup.controlSocket)\n"
    return QueueAnswer(status: ExitStatus.unavailable, text: text)
  }

  private static let attempts = 20
  private static let timeout = Duration.seconds(60)

  /// Nil when no daemon answers.
  private func askDaemon(_ line: String) -> QueueAnswer? {
    guard let socket = try? BlockingStream.connect(path: setup.controlSocket) else { return nil }
    let sent = Array("\(line)\n".utf8).withUnsafeBytes { socket.write($0, timeout: Self.timeout) }
    guard sent == .written else { return nil }
    var buffer = ByteBuffer()
    while case .received = socket.read(into: &buffer, timeout: Self.timeout) {}
    return QueueAnswer(buffer.array())
  }

  /// Nil when somebody else has the lock.
  private func performHere(_ request: QueueRequest) -> QueueAnswer? {
    do {
      let spool = try Spool(setup.configuration) { _ in }
      if request.changes { spool.begin() }
      let answer = QueueCommands.perform(request.line, on: spool)
      guard !request.changes || spool.flush() else { return QueueAnswer(status: ExitStatus.systemError, text: "weir: the spool cannot be written\n") }
      if request.changes { spool.finish() }
      return answer
    } catch SpoolError.locked {
      return nil
    } catch {
      return QueueAnswer(status: ExitStatus.systemError, text: "weir: \(setup.queueFolder): \(error)\n")
    }
  }
}

extension QueueRequest {
  fileprivate var changes: Bool {
    switch self {
    case .delete, .release: true
    case .list, .show, .content, .further: false
    }
  }

  fileprivate var line: String {
    switch self {
    case .list: "list"
    case .show(let id): "show \(id)"
    case .content(let id): "cat \(id)"
    case .delete(let id): "delete \(id)"
    case .release(let id): "release \(id)"
    case .further(let line): line
    }
  }
}
