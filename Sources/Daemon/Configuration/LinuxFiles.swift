// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Runtime

/// The files of this machine. Started as root, a file that somebody else could change is refused: it decides what runs here.
struct LinuxFiles: FileSource {
  private let disk = LinuxDisk()
  private let insistsOnRoot: Bool

  init(insistsOnRoot: Bool = Machine.isRoot) { self.insistsOnRoot = insistsOnRoot }

  func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    try open(path, limit) { handle, size throws in
      // A byte more than the file had when it was looked at: one that grows meanwhile is read as it was.
      try [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
        count = min(size, try disk.read(handle, into: UnsafeMutableRawBufferPointer(buffer), offset: 0))
      }
    }
  }

  func contents(of path: String, limit: Int) throws(FileError) -> FileContents {
    try open(path, limit) { handle, size throws in
      try FileContents(capacity: size) { room throws in try disk.read(handle, into: UnsafeMutableRawBufferPointer(rebasing: room[..<size]), offset: 0)
      }
    }
  }

  private func open<Result>(_ path: String, _ limit: Int, _ body: (DiskHandle, Int) throws -> Result) throws(FileError) -> Result {
    do {
      let handle = try disk.open(path, at: nil, [.read, .nonBlocking], mode: 0)
      defer { try? disk.close(handle) }
      let status = try disk.status(handle)
      try check(status)
      guard status.size <= limit else { throw FileError.tooLong(limit: limit) }
      return try body(handle, Int(status.size))
    } catch let error as DiskError {
      throw FileError(reason: error.reason)
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(reason: "\(error)")
    }
  }

  private func check(_ status: FileStatus) throws(FileError) {
    if status.isDirectory { throw FileError(reason: "Is a directory") }
    guard insistsOnRoot, status.isRegular else { return }
    if status.owner != 0 { throw FileError(reason: "not owned by root; as root Weir reads only what nobody else can change") }
    if status.mode & 0o022 != 0 { throw FileError(reason: "writable by group or others; chmod go-w it") }
  }

  /// The permission bits of what is at `path`; nil if there is nothing.
  static func permissions(_ path: String) -> UInt32? { (try? LinuxDisk().status(path, at: nil)).map { $0.mode & 0o7777 } }

  func names(inFolder path: String) throws(FileError) -> [String] {
    do {
      let handle = try disk.open(path, at: nil, [.read, .directory], mode: 0)
      defer { try? disk.close(handle) }
      return try disk.list(handle)
    } catch {
      throw FileError(reason: error.reason)
    }
  }
}
