// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// `weir events`: prints what happens in a running daemon from now on, until that ends. It follows the daemon over a reload: sockets of new
/// processes are looked for all the while.
struct EventClient: Sendable {
  let setup: Setup
  /// As it comes; else as lines for people.
  let isJSON: Bool

  private struct State {
    /// The sockets that are being read, and the file that each was found as.
    var readers: [String: UInt64] = [:]
  }

  private static let day = Duration.seconds(86_400)
  private static let lookInterval = Duration.milliseconds(500)

  func run() -> Int32 {
    let state = Monitor(State())
    let isColoured = Terminal.wantsColour(1)
    if !readNew(state, isColoured) {
      Terminal.writeError("weir: no daemon answers at \(setup.eventSocket(.master, lane: setup.queueFolder))\n")
      return ExitStatus.unavailable
    }
    while state.withLock({ !$0.readers.isEmpty }) {
      Thread.sleep(Self.lookInterval)
      _ = readNew(state, isColoured)
    }
    return ExitStatus.success
  }

  private var paths: [String] {
    let fixed = [DaemonLog.Role.master, .mailbox].map { setup.eventSocket($0, lane: setup.queueFolder) }
    return fixed + setup.lanes.map { setup.eventSocket(.mta, lane: $0) }
  }

  /// Answers whether there is anything to read.
  private func readNew(_ state: Monitor<State>, _ isColoured: Bool) -> Bool {
    for path in paths {
      guard let file = try? LinuxDisk().status(path, at: nil).inode, state.withLock({ $0.readers[path] != file }) else { continue }
      guard let socket = try? BlockingStream.connect(path: path) else { continue }
      state.withLock { $0.readers[path] = file }
      let thread = try? Thread(name: "events") {
        copy(socket, to: state, isColoured)
        state.withLock { if $0.readers[path] == file { $0.readers[path] = nil } }
      }
      thread?.detach()
    }
    return state.withLock { !$0.readers.isEmpty }
  }

  private func copy(_ socket: BlockingStream, to state: Monitor<State>, _ isColoured: Bool) {
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
      state.withLock { _ in Terminal.write(text, to: 1) }
    }
  }
}
