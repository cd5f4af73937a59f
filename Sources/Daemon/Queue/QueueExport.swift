// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// `weir queue export`: each message as `ID.eml`, with its envelope beside it in `ID.envelope`. They stay in the queue.
struct QueueExport {
  private let setup: Setup
  private let folder: String

  init(_ setup: Setup, folder: String) {
    self.setup = setup
    self.folder = folder
  }

  func perform(_ ids: [String], _ filter: QueueFilter) -> Int32 {
    var chosen = ids
    if ids.isEmpty || ids == ["ALL"] {
      let (found, failure) = QueueClient.ids(filter, setup)
      if let failure {
        Terminal.write(failure.bytes, to: 2)
        return failure.status
      }
      chosen = found
    }
    do throws(SystemError) {
      try Folder.ensure(folder, owner: nil)
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return ExitStatus.failure
    }
    return export(chosen)
  }

  private func export(_ ids: [String]) -> Int32 {
    let lanes = LaneClient.all(setup)
    var bar = ProgressBar(total: ids.count)
    var count = 0
    var status = ExitStatus.success
    for (index, id) in ids.enumerated() {
      let lane = lanes.first { $0.number == QueueID(id)?.lane } ?? LaneClient(0, setup)
      if export(id, lane) { count += 1 } else { status = ExitStatus.noSuchMessage }
      bar.show(index + 1)
    }
    bar.clear()
    Terminal.write("\(count) message\(count == 1 ? "" : "s") exported to \(folder)\n")
    return status
  }

  private func export(_ id: String, _ lane: LaneClient) -> Bool {
    let envelope = lane.perform("envelope \(id)", changes: false)
    let content = envelope.status == ExitStatus.success ? lane.perform("cat \(id)", changes: false) : envelope
    guard content.status == ExitStatus.success else {
      Terminal.write(content.bytes, to: 2)
      return false
    }
    do {
      // The envelope last: what has one is whole.
      try write(content.bytes, "\(folder)/\(id).eml")
      try write(envelope.bytes, "\(folder)/\(id).envelope")
      return true
    } catch {
      Terminal.writeError("weir: \(error)\n")
      return false
    }
  }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    let disk = LinuxDisk()
    let file = try disk.open(path, at: nil, [.write, .create, .noFollow], mode: 0o600)
    defer { try? disk.close(file) }
    try disk.truncate(file, length: 0)
    try bytes.withUnsafeBytes { try disk.write(file, [$0], offset: 0) }
    try disk.synchronizeData(file)
  }
}
