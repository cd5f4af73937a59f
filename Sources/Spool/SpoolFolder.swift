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
  /// What other servers have taken lately, once it is open.
  private let relayed = Monitor<DiskHandle?>(nil)
  private let lockFile: DiskHandle
  private let path: String

  init(_ disk: any Disk, path: String, lane: UInt8) throws(SpoolError) {
    self.disk = disk
    self.lane = lane
    self.path = path
    do {
      try disk.ensureDirectory(path, at: nil)
      let directory = try disk.open(path, at: nil, [.read, .directory], mode: 0)
      self.directory = directory
      lockFile = try disk.openOrLook("lock", at: directory, [.read, .write, .create])
      try disk.ensureDirectory("big", at: directory)
      big = try disk.open("big", at: directory, [.read, .directory], mode: 0)
      marker = try disk.openOrLook("delivering", at: directory, [.read, .write, .create])
    } catch { throw .disk(error) }
    var locked = false
    do { locked = try disk.lock(lockFile) } catch { throw .disk(error) }
    if !locked { throw .locked }
  }

  /// The file `relayed`. Unless it `isMade`, nil where no other server has taken anything yet.
  func relayedFile(isMade: Bool) throws(DiskError) -> DiskHandle? {
    let result = relayed.withLock { open -> Result<DiskHandle?, DiskError> in
      if open != nil { return .success(open) }
      let made = Result { () throws(DiskError) in try disk.openOrLook("relayed", at: directory, isMade ? [.read, .write, .create] : [.read, .write]) }
      if case .success(let handle) = made { open = handle }
      if case .failure(let error) = made, error.isMissing, !isMade { return .success(nil) }
      return made.map { $0 }
    }
    return try result.get()
  }

  deinit {
    for handle in [marker, big, lockFile, directory] + [relayed.withLock { $0 }].compactMap(\.self) { try? disk.close(handle) }
  }

  /// Makes the names of the lane's folder and of those above it durable: whoever made them may not have done so. What this process may not
  /// read it has not made.
  func synchronizeAncestors() throws(DiskError) {
    var parts = path.split(separator: "/")
    while parts.popLast() != nil {
      let ancestor = (path.hasPrefix("/") ? "/" : "./") + parts.joined(separator: "/")
      do throws(DiskError) {
        try disk.synchronizeFolder(ancestor)
      } catch {
        if !error.isForbidden { throw error }
      }
    }
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

  fileprivate func ensureDirectory(_ path: String, at directory: DiskHandle?) throws(DiskError) {
    do {
      try makeDirectory(path, at: directory, mode: 0o700)
    } catch {
      if !error.isTaken { throw error }
    }
  }

  fileprivate func synchronizeFolder(_ path: String) throws(DiskError) {
    let handle = try open(path, at: nil, [.read, .directory], mode: 0)
    defer { try? close(handle) }
    try synchronize(handle)
  }
}
