// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// `sendmail -bs`: a session with the daemon on standard input and output.
enum SubmissionTerminal {
  private static let timeout = Duration.seconds(600)
  private static let piece = 64 << 10

  static func run(_ path: String) -> Int32 {
    guard let stream = try? BlockingStream.connect(path: path) else {
      Terminal.write("421 4.3.2 \(Machine.hostName) Error: no daemon answers at \(path)\r\n")
      return ExitStatus.temporaryFailure
    }
    // The other direction; it ends with the process.
    let reader = try? Thread(name: "input") {
      while let bytes = Terminal.readSome(limit: piece), !bytes.isEmpty {
        guard bytes.withUnsafeBytes({ stream.write($0, timeout: timeout) }) == .written else { return }
      }
      stream.endWriting()
    }
    guard let reader else { return ExitStatus.systemError }
    reader.detach()
    var buffer = ByteBuffer()
    while case .received = stream.read(into: &buffer, timeout: timeout) {
      buffer.withReadable { Terminal.write($0, to: 1) }
      buffer.removeAll()
    }
    return ExitStatus.success
  }
}
