// SPDX-License-Identifier: Apache-2.0
import Runtime
import Settings

package enum LogCommand: String, CaseIterable, Sendable {
  /// Moves maillog_file away, lets a running daemon begin a new one, and packs the old one.
  case rotate
  /// Lets a running daemon open its log file again, which somebody has moved away.
  case reopen
}

/// `weir log`.
struct LogRotation {
  let setup: Setup

  func run(_ command: LogCommand) -> Int32 {
    do throws(StartError) {
      switch command {
      case .rotate: try pack(try rotate())
      case .reopen: try reopen()
      }
      return ExitStatus.success
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.failure
    }
  }

  /// The daemon's place is not ours: only it knows whether its standard output is the journal.
  private var file: String {
    let path = setup.configuration[Keys.maillogFile]
    return path.isEmpty ? LogPlaces.serviceFile : path
  }

  private func reopen() throws(StartError) {
    guard let daemon = supervisor else { throw StartError("no daemon answers at \(daemonSocket)") }
    guard ChildProcess.send(.user1, to: daemon) else { throw StartError("process \(daemon) may not be told: root and its own user may") }
    Thread.sleep(Self.settlingTime)
  }

  private func rotate() throws(StartError) -> String {
    let path = file
    let old = path + "." + LocalTime.text(wallClock(), format: setup.configuration[Keys.maillogFileRotateSuffix])
    do {
      try LinuxDisk().rename(path, at: nil, to: old, at: nil, replacing: false)
    } catch {
      throw StartError("rename \(path) to \(old): \(error)")
    }
    if let daemon = supervisor { awaitNew(path, daemon) }
    return old
  }

  private var daemonSocket: String { setup.eventSocket(.master, lane: setup.queueFolder) }

  /// Of the daemon that runs, if one does.
  private var supervisor: Int32? { try? BlockingStream.connect(path: daemonSocket).peerPID() }

  private func awaitNew(_ path: String, _ daemon: Int32) {
    guard ChildProcess.send(.user1, to: daemon) else { return Terminal.writeError("weir: process \(daemon) may not be told to open its log again\n") }
    for _ in 0..<100 {
      if Folder.hasFile(path) { return Thread.sleep(Self.settlingTime) }
      Thread.sleep(.milliseconds(20))
    }
    Terminal.writeError("weir: process \(daemon) has not opened \(path) again; see what it says\n")
  }

  /// The other processes follow the first one, and may still be in the middle of a line.
  private static let settlingTime = Duration.milliseconds(500)

  private func pack(_ file: String) throws(StartError) {
    let name = setup.configuration[Keys.maillogFileCompressor]
    if name.isEmpty { return }
    guard let program = Machine.findProgram(name) else { throw StartError("maillog_file_compressor = \(name): there is no such program") }
    do {
      let child = try ChildProcess.start(program, [file], descriptors: [], as: nil)
      let status = child.wait()
      if status != 0 { throw StartError("\(program) \(file): exit status \(status)") }
    } catch let error as StartError {
      throw error
    } catch {
      throw StartError("\(program): \(error)")
    }
  }
}
