// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// `weir events`: prints what happens in a running daemon from now on, until that ends.
struct EventClient: Sendable {
  let setup: Setup
  /// As it comes; else as lines for people.
  let isJSON: Bool

  private static let day = Duration.seconds(86_400)

  func run() -> Int32 {
    let isColoured = Terminal.wantsColour(1)
    let output = Monitor(0)
    let sockets = DaemonLog.Role.allCases.compactMap { try? BlockingStream.connect(path: setup.eventSocket($0)) }
    if sockets.isEmpty {
      Terminal.writeError("weir: no daemon answers at \(setup.eventSocket(.mta))\n")
      return ExitStatus.unavailable
    }
    do {
      let threads = try sockets.map { socket in try Thread(name: "events") { copy(socket, to: output, isColoured) } }
      for thread in threads { thread.join() }
      return ExitStatus.success
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.systemError
    }
  }

  private func copy(_ socket: BlockingStream, to output: Monitor<Int>, _ isColoured: Bool) {
    var input = ByteBuffer()
    while true {
      switch socket.read(into: &input, timeout: Self.day) {
      case .received: break
      case .timedOut: continue
      default: return
      }
      let whole = input.withReadable { bytes in bytes.lastIndex(of: 0x0a).map { Array(bytes[...$0]) } } ?? []
      input.consume(whole.count)
      let text = isJSON ? whole : whole.split(separator: 0x0a).flatMap { EventText(json: $0).line(isColoured: isColoured) }
      // One thread writes at a time, so that lines stay whole.
      output.withLock { lines in
        lines += 1
        Terminal.write(text, to: 1)
      }
    }
  }
}
