// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// A lane's folder with its lock, held as long as this object lives.
final class SpoolFolder: Sendable {
  let disk: any Disk
  let lane: UInt8
  let directory: DiskHandle
  let big: DiskHandle
  /// Names the messages each worker is delivering; see docs/spool.md.
  let marker: DiskHandle
  private let lockFile: DiskHandle

  init(_ disk: any Disk, path: String, lane: UInt8) throws(SpoolError) {
    self.disk = disk
    self.lane = lane
    do {
      if try disk.ensureDirectory(path, at: nil) { try disk.synchronizeParent(of: path) }
      let directory = try disk.open(path, at: nil, [.read, .directory], mode: 0)
      self.directory = directory
      lockFile = try disk.openOrLook("lock", at: directory, [.read, .write, .create])
      _ = try disk.ensureDirectory("big", at: directory)
      big = try disk.open("big", at: directory, [.read, .directory], mode: 0)
      marker = try disk.openOrLook("delivering", at: directory, [.read, .write, .create])
    } catch { throw .disk(error) }
    var locked = false
    do { locked = try disk.lock(lockFile) } catch { throw .disk(error) }
    if !locked { throw .locked }
  }

  deinit {
    for handle in [marker, big, lockFile, directory] { try? disk.close(handle) }
  }
}

extension Disk {
  /// For reading only when the file system is: what is there can still be looked at and delivered.
  func openOrLook(_ path: String, at directory: DiskHandle, _ options: OpenOptions) throws(DiskError) -> DiskHandle {
    do throws(DiskError) {
      return try open(path, at: directory, options, mode: 0o600)
    } catch {
      guard error.isReadOnly else { throw error }
      return try open(path, at: directory, [.read], mode: 0)
    }
  }

  /// Answers whether it was made.
  fileprivate func ensureDirectory(_ path: String, at directory: DiskHandle?) throws(DiskError) -> Bool {
    do {
      try makeDirectory(path, at: directory, mode: 0o700)
      return true
    } catch {
      if error.isTaken { return false }
      throw error
    }
  }

  fileprivate func synchronizeParent(of path: String) throws(DiskError) {
    let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    let handle = try open(parent.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parent, at: nil, [.read, .directory], mode: 0)
    defer { try? close(handle) }
    try synchronize(handle)
  }
}
