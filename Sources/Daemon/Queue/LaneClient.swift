// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings
import Spool

/// Carries out a queue command on one lane: asks the process that has it, or takes its lock.
struct LaneClient {
  let number: UInt8
  private let setup: Setup
  private let path: String

  private static let attempts = 20
  private static let timeout = Duration.seconds(60)

  init(_ number: UInt8, _ setup: Setup) {
    self.number = number
    self.setup = setup
    path = Lane.path(number, in: setup.queueFolder)
  }

  /// `changes`: whether anything is to be written.
  func perform(_ line: String, changes: Bool) -> QueueAnswer {
    // A process that is just starting or stopping has the lock and no socket, or the other way round: look again.
    for _ in 0..<Self.attempts {
      if let answer = askOwner(line) ?? performHere(line, changes) { return answer }
      Thread.sleep(.milliseconds(100))
    }
    let text = "weir: another process has the spool in \(path), and no daemon answers at \(Setup.controlSocket(inLane: path))\n"
    return QueueAnswer(status: ExitStatus.unavailable, text: text)
  }

  static func all(_ setup: Setup) -> [LaneClient] { Lane.all(in: setup.queueFolder, disk: LinuxDisk()).map { LaneClient($0, setup) } }

  var socket: String { Setup.controlSocket(inLane: path) }

  /// Nil when no process has the lane.
  func ask(_ line: String) -> QueueAnswer? { askOwner(line) }

  /// Nil when no process answers.
  private func askOwner(_ line: String) -> QueueAnswer? {
    guard let socket = try? BlockingStream.connect(path: Setup.controlSocket(inLane: path)) else { return nil }
    let sent = Array("\(line)\n".utf8).withUnsafeBytes { socket.write($0, timeout: Self.timeout) }
    guard sent == .written else { return nil }
    var buffer = ByteBuffer()
    while case .received = socket.read(into: &buffer, timeout: Self.timeout) {}
    return QueueAnswer(buffer.array())
  }

  /// Nil when somebody else has the lock. Root does it as the user whose lane it is: what root writes there, the daemon could not open.
  private func performHere(_ line: String, _ changes: Bool) -> QueueAnswer? {
    guard Machine.isRoot, let uid = try? LinuxDisk().status(path, at: nil).owner, uid != 0 else { return performAsMyself(line, changes) }
    let answer = Monitor<QueueAnswer?>(nil)
    do {
      let owner = try SystemUser.find(uid: uid)
      let thread = try Thread(name: "queue") {
        let done = assume(owner, uid) ?? performAsMyself(line, changes)
        answer.withLock { $0 = done }
      }
      thread.join()
    } catch {
      return QueueAnswer(status: ExitStatus.systemError, text: "weir: \(path): \(error)\n")
    }
    return answer.withLock { $0 }
  }

  /// Why that cannot be; nil when the thread acts as that user from now on.
  private func assume(_ owner: SystemUser?, _ uid: UInt32) -> QueueAnswer? {
    guard let owner else {
      return QueueAnswer(status: ExitStatus.systemError, text: "weir: \(path): it belongs to uid \(uid), and there is no such user\n")
    }
    do {
      try Identity.assume(owner, groups: [])
      return nil
    } catch {
      return QueueAnswer(status: ExitStatus.systemError, text: "weir: \(path): \(error)\n")
    }
  }

  private func performAsMyself(_ line: String, _ changes: Bool) -> QueueAnswer? {
    do {
      let spool = try Spool(Lane(number, in: setup.queueFolder, disk: LinuxDisk()), setup.configuration) { _ in }
      if changes { spool.begin() }
      let answer = QueueCommands.perform(line, on: spool)
      guard !changes || spool.flush() else { return QueueAnswer(status: ExitStatus.systemError, text: "weir: the spool cannot be written\n") }
      if changes { spool.finish() }
      return answer
    } catch SpoolError.locked {
      return nil
    } catch {
      return QueueAnswer(status: ExitStatus.systemError, text: "weir: \(path): \(error)\n")
    }
  }
}
