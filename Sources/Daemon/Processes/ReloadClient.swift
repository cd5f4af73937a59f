// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// `weir reload`: asks the supervisor that serves this configuration, and waits until it has done it or says why not.
struct ReloadClient {
  let setup: Setup

  func run() -> Int32 {
    guard let answer = ask() else {
      Terminal.writeError(
        """
        weir: no daemon answers at \(setup.masterSocket)
        weir: if it runs and queue_directory or data_directory was changed, it must be stopped and started: a reload cannot change these

        """)
      return ExitStatus.unavailable
    }
    Terminal.write(answer.bytes, to: answer.status == ExitStatus.success ? 1 : 2)
    return answer.status
  }

  private func ask() -> QueueAnswer? {
    guard let socket = try? BlockingStream.connect(path: setup.masterSocket) else { return nil }
    let request = Array("\(ReloadSocket.word)\n".utf8)
    guard request.withUnsafeBytes({ socket.write($0, timeout: .seconds(5)) }) == .written else { return nil }
    var buffer = ByteBuffer()
    while case .received = socket.read(into: &buffer, timeout: ReloadSocket.patience) {}
    return QueueAnswer(buffer.array())
  }
}
