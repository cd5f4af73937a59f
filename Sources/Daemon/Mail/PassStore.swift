// SPDX-License-Identifier: Apache-2.0
import Runtime
import Server
import Settings

/// Keeps a cache of passes in a folder (`postscreen_cache_map`). Its calls block: never on a loop.
///
/// The file is replaced whole, so that whoever reads it, and a crash, find the old one or the new one. Several processes may keep the same folder: one writes
/// at a time, and adds to what the others wrote.
final class PassStore: Sendable {
  private static let file = "passed"
  private static let new = "passed.new"
  private static let lock = "lock"
  /// More than all lines can be long that a cache holds.
  private static let maximumSize: Int64 = 16 << 20

  private let folder: String
  private let cache: PassCache
  private let disk: any Disk
  private let log: Log
  private let seen = Monitor<FileStatus?>(nil)

  init(folder: String, cache: PassCache, disk: any Disk = LinuxDisk(), log: Log) {
    self.folder = folder
    self.cache = cache
    self.disk = disk
    self.log = log
  }

  /// Takes over what is kept. What is no whole file of ours is left out, and replaced by the next `save`.
  func load() { adopt() }

  /// Writes what has changed, and takes over what others have written.
  func save() {
    guard let entries = cache.takeChanges() else { return followOthers() }
    do {
      if try !replace(entries) { cache.restoreChanges() }
    } catch {
      cache.restoreChanges()
      log.warning("postscreen", "cache \(folder): cannot be written: \(error)")
    }
  }

  private func followOthers() {
    guard let directory = try? disk.open(folder, at: nil, [.read, .directory], mode: 0) else { return }
    defer { try? disk.close(directory) }
    if isForeign(directory) { adopt() }
  }

  /// False when another process is writing.
  private func replace(_ entries: [PassCache.Entry]) throws(DiskError) -> Bool {
    let directory = try disk.open(folder, at: nil, [.read, .directory], mode: 0)
    defer { try? disk.close(directory) }
    let lock = try disk.open(Self.lock, at: directory, [.write, .create, .noFollow], mode: 0o600)
    defer { try? disk.close(lock) }
    guard try disk.lock(lock) else { return false }
    var entries = entries
    if isForeign(directory) {
      adopt()
      entries = cache.takeChanges() ?? entries
    }
    try write(PassList.text(entries), in: directory)
    seen.withLock { $0 = try? disk.status(Self.file, at: directory) }
    return true
  }

  private func write(_ bytes: [UInt8], in directory: DiskHandle) throws(DiskError) {
    let file = try disk.open(Self.new, at: directory, [.write, .create, .noFollow], mode: 0o600)
    do throws(DiskError) {
      try disk.truncate(file, length: 0)
      try withPieces(bytes) { pieces throws(DiskError) in try disk.write(file, pieces, offset: 0) }
      try disk.synchronizeData(file)
    } catch {
      try? disk.close(file)
      throw error
    }
    try disk.close(file)
    try disk.rename(Self.new, at: directory, to: Self.file, at: directory, replacing: true)
  }

  /// Whether the file is another one than this process wrote or read.
  private func isForeign(_ directory: DiskHandle) -> Bool {
    guard let now = try? disk.status(Self.file, at: directory) else { return false }
    return seen.withLock { $0?.inode != now.inode || $0?.modified != now.modified }
  }

  private func adopt() {
    let path = "\(folder)/\(Self.file)"
    guard let file = try? disk.open(path, at: nil, [.read, .noFollow, .nonBlocking], mode: 0) else { return }
    defer { try? disk.close(file) }
    do {
      let status = try disk.status(file)
      seen.withLock { $0 = status }
      guard status.isRegular, status.size <= Self.maximumSize else { throw PassList.Damage.tooMany }
      let bytes = try [UInt8](unsafeUninitializedCapacity: Int(status.size)) { buffer, count in
        count = try disk.read(file, into: UnsafeMutableRawBufferPointer(buffer), offset: 0)
      }
      cache.adopt(try PassList.read(bytes, limit: PassCache.capacity), now: wallClock() / 1_000_000)
    } catch {
      log.warning("postscreen", "cache \(path) is damaged (\(error)): discarded; clients are tested again")
    }
  }

  /// Forgets clients whose time is over.
  func cleanUp() {
    let (retained, dropped) = cache.cleanUp(now: wallClock() / 1_000_000)
    log.info("postscreen", "cache \(folder) full cleanup: retained=\(retained) dropped=\(dropped) entries")
  }
}

private func withPieces(_ bytes: [UInt8], _ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) {
  let result = bytes.withUnsafeBytes { buffer -> Result<Void, DiskError> in
    do throws(DiskError) { return .success(try body([buffer])) } catch { return .failure(error) }
  }
  try result.get()
}
