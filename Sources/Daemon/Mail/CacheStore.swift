// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Runtime

/// What is worth keeping from one run to the next.
protocol StoredCache: Sendable {
  /// All of it, if that has changed since the last call.
  func takeText() -> [UInt8]?
  /// What `takeText` gave could not be kept.
  func restoreChanges()
  /// Takes over what another process or an earlier one knew. Fails if that is no whole file of this form. `now`: seconds since 1970.
  func adopt(_ bytes: [UInt8], now: Int64) throws
  /// Forgets what has ended.
  func cleanUp(now: Int64) -> (retained: Int, dropped: Int)
}

/// Keeps a cache in a folder (`postscreen_cache_map`, `address_verify_map`), which it makes. Its calls block: never on a loop.
///
/// The file is replaced whole, so that whoever reads it, and a crash, find the old one or the new one. Several processes may keep the same folder: one writes
/// at a time, and adds to what the others wrote.
final class CacheStore: Sendable {
  private static let lock = "lock"

  /// Whose lines are in the log about it.
  private let service: Service
  private let name: String
  /// More than all lines can be long that a cache holds.
  private let maximumSize: Int64
  private let folder: String
  private let cache: any StoredCache
  private let disk: any Disk
  private let log: Log
  private let seen = Monitor<FileStatus?>(nil)

  init(folder: String, name: String, maximumSize: Int64, cache: any StoredCache, service: Service, disk: any Disk = LinuxDisk(), log: Log) {
    self.name = name
    self.maximumSize = maximumSize
    self.service = service
    self.folder = folder
    self.cache = cache
    self.disk = disk
    self.log = log
  }

  /// Takes over what is kept. What is no whole file of ours is left out, and replaced by the next `save`.
  func load() { adopt() }

  /// Writes what has changed, and takes over what others have written.
  func save() {
    guard let text = cache.takeText() else { return followOthers() }
    do {
      if try !replace(text) { cache.restoreChanges() }
    } catch {
      cache.restoreChanges()
      log.warning(service, "cache \(folder): cannot be written: \(error)")
    }
  }

  private func followOthers() {
    guard let directory = try? disk.open(folder, at: nil, [.read, .directory], mode: 0) else { return }
    defer { try? disk.close(directory) }
    if isForeign(directory) { adopt() }
  }

  /// False when another process is writing.
  private func replace(_ text: [UInt8]) throws(DiskError) -> Bool {
    let directory = try openFolder()
    defer { try? disk.close(directory) }
    let lock = try disk.open(Self.lock, at: directory, [.write, .create, .noFollow], mode: 0o600)
    defer { try? disk.close(lock) }
    guard try disk.lock(lock) else { return false }
    var text = text
    if isForeign(directory) {
      adopt()
      cache.restoreChanges()
      text = cache.takeText() ?? text
    }
    try write(text, in: directory)
    seen.withLock { $0 = try? disk.status(name, at: directory) }
    return true
  }

  private func openFolder() throws(DiskError) -> DiskHandle {
    do throws(DiskError) {
      return try disk.open(folder, at: nil, [.read, .directory], mode: 0)
    } catch {
      guard (try? Folder.ensure(folder, owner: nil)) != nil else { throw error }
      return try disk.open(folder, at: nil, [.read, .directory], mode: 0)
    }
  }

  private func write(_ bytes: [UInt8], in directory: DiskHandle) throws(DiskError) {
    let file = try disk.open("\(name).new", at: directory, [.write, .create, .noFollow], mode: 0o600)
    do throws(DiskError) {
      try disk.truncate(file, length: 0)
      try withPieces(bytes) { pieces throws(DiskError) in try disk.write(file, pieces, offset: 0) }
      try disk.synchronizeData(file)
    } catch {
      try? disk.close(file)
      throw error
    }
    try disk.close(file)
    try disk.rename("\(name).new", at: directory, to: name, at: directory, replacing: true)
  }

  /// Whether the file is another one than this process wrote or read.
  private func isForeign(_ directory: DiskHandle) -> Bool {
    guard let now = try? disk.status(name, at: directory) else { return false }
    return seen.withLock { $0?.inode != now.inode || $0?.modified != now.modified }
  }

  private func adopt() {
    let path = "\(folder)/\(name)"
    guard let file = try? disk.open(path, at: nil, [.read, .noFollow, .nonBlocking], mode: 0) else { return }
    defer { try? disk.close(file) }
    do {
      let status = try disk.status(file)
      seen.withLock { $0 = status }
      guard status.isRegular, status.size <= maximumSize else { throw SealedLines.Damage.tooMany }
      let bytes = try [UInt8](unsafeUninitializedCapacity: Int(status.size)) { buffer, count in
        count = try disk.read(file, into: UnsafeMutableRawBufferPointer(buffer), offset: 0)
      }
      try cache.adopt(bytes, now: wallClock() / 1_000_000)
    } catch {
      log.warning(service, "cache \(path) is damaged (\(error)): discarded")
    }
  }

  /// Forgets what has ended.
  func cleanUp() {
    let (retained, dropped) = cache.cleanUp(now: wallClock() / 1_000_000)
    log.info(service, "cache \(folder) full cleanup: retained=\(retained) dropped=\(dropped) entries")
  }
}

private func withPieces(_ bytes: [UInt8], _ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(DiskError) {
  let result = bytes.withUnsafeBytes { buffer -> Result<Void, DiskError> in
    do throws(DiskError) { return .success(try body([buffer])) } catch { return .failure(error) }
  }
  try result.get()
}
