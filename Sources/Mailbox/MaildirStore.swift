// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Delivers into Maildirs. Belongs to one thread.
///
/// The folders of the Maildirs that were used last stay open, so a delivery is open, write, close and rename. Where syncfs can be trusted
/// nothing is made durable here: the spool keeps the message until the file system has it. Elsewhere each file and its folder are synced.
package final class MaildirStore {
  let disk: any Disk
  private let volume: (DiskHandle) throws(DiskError) -> MaildirVolume
  private let capacity: Int
  private var opened: [MaildirLocation: Opened] = [:]
  private var uses = 0

  private struct Opened {
    var folders: MaildirFolders
    var lastUse: Int
    /// When the path last led to these folders.
    var checked: Int64
    /// The way from the base to these folders is on disk, by an fsync of each on it.
    var isAnchored = false
  }

  /// `volume` tells of the file system of an open folder, and is asked before each delivery. `capacity` is how many Maildirs stay open, two
  /// descriptors each.
  package init(disk: any Disk, capacity: Int = 256, volume: @escaping (DiskHandle) throws(DiskError) -> MaildirVolume) {
    self.disk = disk
    self.volume = volume
    self.capacity = max(1, capacity)
  }

  deinit {
    for entry in opened.values { entry.folders.close(disk) }
  }

  /// A file that is in its Maildir.
  package struct Delivery: Equatable, Sendable {
    package let seal: FileSeal
    /// The file system, as `FileStatus.device`.
    package let device: UInt64
    /// The file would survive a power cut now; if not, it will after the next syncfs that begins from here on and succeeds.
    package let isDurable: Bool
  }

  /// Where the file goes: a new one into new/, one that is written again over the broken copy.
  package enum Place: Equatable, Sendable {
    case new
    /// The name in cur/, with its flags.
    case current(String)
  }

  /// Delivers what `fill` writes under `name`, which no other message has. A file of that name, left by a crash, is replaced. `now` is in
  /// microseconds since 1970. With `durable` the delivery survives a power cut from when it returns, on any file system.
  package func deliver(
    _ name: String, to location: MaildirLocation, at place: Place = .new, now: Int64, durable: Bool = false,
    _ fill: (inout FileWriter) throws(DiskError) -> Void
  ) throws(MailboxError) -> Delivery {
    var attempt = Attempt(path: "\(location.path)/tmp/\(name)")
    do throws(DiskError) {
      return try deliverOnce(name, location, place, now, durable, &attempt, fill)
    } catch {
      guard error.isMissing, !attempt.wasFresh else { throw MailboxError(error, attempt.description) }
    }
    // The Maildir that was open has been removed: make it again, once.
    forget(location)
    do throws(DiskError) {
      return try deliverOnce(name, location, place, now, durable, &attempt, fill)
    } catch {
      throw MailboxError(error, attempt.description)
    }
  }

  /// What was being done, for the words of an error.
  private struct Attempt {
    let path: String
    var isWriting = false
    var wasFresh = false

    var description: String { isWriting ? "error writing message" : "create maildir file \(path)" }
  }

  private func deliverOnce(
    _ name: String, _ location: MaildirLocation, _ place: Place, _ now: Int64, _ durable: Bool, _ attempt: inout Attempt,
    _ fill: (inout FileWriter) throws(DiskError) -> Void
  ) throws(DiskError) -> Delivery {
    let folders = try open(location, now, &attempt.wasFresh)
    let volume = try volume(folders.new)
    let isDurable = durable || !volume.isLazy
    let file = try create(name, in: folders.tmp)
    do throws(DiskError) {
      attempt.isWriting = true
      let seal = try write(file, isDurable, fill)
      attempt.isWriting = false
      try publish(name, folders, location, place, isDurable)
      if isDurable { try anchor(location) }
      return Delivery(seal: seal, device: volume.device, isDurable: isDurable)
    } catch {
      discard(name, folders.tmp)
      throw error
    }
  }

  private func create(_ name: String, in tmp: DiskHandle) throws(DiskError) -> DiskHandle {
    let options: OpenOptions = [.write, .create, .exclusive, .noFollow, .nonBlocking]
    do throws(DiskError) {
      return try disk.open(name, at: tmp, options, mode: 0o600)
    } catch {
      guard error.isTaken else { throw error }
    }
    // A crash left it: nobody else writes this name.
    try disk.unlink(name, at: tmp)
    return try disk.open(name, at: tmp, options, mode: 0o600)
  }

  /// Fills and closes the file.
  private func write(
    _ file: DiskHandle, _ isDurable: Bool, _ fill: (inout FileWriter) throws(DiskError) -> Void
  ) throws(DiskError) -> FileSeal {
    var writer = FileWriter(disk: disk, handle: file)
    do throws(DiskError) {
      try fill(&writer)
      if isDurable { try disk.synchronize(file) }
    } catch {
      disk.release(file)
      throw error
    }
    try disk.close(file)
    return FileSeal(length: writer.length, checksum: writer.checksum.value)
  }

  private func publish(
    _ name: String, _ folders: MaildirFolders, _ location: MaildirLocation, _ place: Place, _ isDurable: Bool
  ) throws(DiskError) {
    switch place {
    case .new:
      try disk.rename(name, at: folders.tmp, to: name, at: folders.new, replacing: true)
      if isDurable { try disk.synchronize(folders.new) }
    case .current(let flagged):
      let root = try MaildirFolders.openRoot(location, disk, creating: false)
      defer { disk.release(root) }
      let cur = try MaildirFolders.openFolder("cur", at: root, disk, creating: true)
      defer { disk.release(cur) }
      try disk.rename(name, at: folders.tmp, to: flagged, at: cur, replacing: true)
      if isDurable { try disk.synchronize(cur) }
    }
  }

  /// A durable file is of no use in a folder whose own name is not durable. Once for each opening.
  private func anchor(_ location: MaildirLocation) throws(DiskError) {
    guard opened[location]?.isAnchored != true else { return }
    try MaildirFolders.synchronizePath(location, disk)
    opened[location]?.isAnchored = true
  }

  private func discard(_ name: String, _ tmp: DiskHandle) {
    do throws(DiskError) { try disk.unlink(name, at: tmp) } catch {}
  }
}

// The folders that stay open.
extension MaildirStore {
  private func open(_ location: MaildirLocation, _ now: Int64, _ wasFresh: inout Bool) throws(DiskError) -> MaildirFolders {
    uses &+= 1
    wasFresh = false
    if var entry = opened[location], isCurrent(&entry, location, now) {
      entry.lastUse = uses
      opened[location] = entry
      return entry.folders
    }
    forget(location)
    wasFresh = true
    let folders = try MaildirFolders.open(location, disk)
    makeRoom()
    opened[location] = Opened(folders: folders, lastUse: uses, checked: now)
    return folders
  }

  /// A Maildir may be moved away while it is open: its path is looked at again now and then.
  private func isCurrent(_ entry: inout Opened, _ location: MaildirLocation, _ now: Int64) -> Bool {
    guard now < entry.checked || now >= entry.checked.saturatingAdd(MaildirStore.checkInterval) else { return true }
    entry.checked = now
    do throws(DiskError) {
      let open = try disk.status(entry.folders.new)
      let named = try disk.status("\(location.path)/new", at: nil)
      return open.inode == named.inode && open.device == named.device
    } catch {
      return false
    }
  }

  private func makeRoom() {
    guard opened.count >= capacity, let oldest = opened.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
    forget(oldest.key)
  }

  private func forget(_ location: MaildirLocation) {
    opened.removeValue(forKey: location)?.folders.close(disk)
  }

  /// Microseconds.
  static let checkInterval: Int64 = 10_000
}

extension Int64 {
  fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
