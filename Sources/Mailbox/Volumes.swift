// SPDX-License-Identifier: Apache-2.0
import Runtime

/// The file system that a mailbox is on.
package struct MaildirVolume: Equatable, Sendable {
  /// As `FileStatus.device`.
  package let device: UInt64
  /// A file there may be left to the next syncfs; else each must be made durable by itself.
  package let isLazy: Bool

  package init(device: UInt64, isLazy: Bool) {
    self.device = device
    self.isLazy = isLazy
  }
}

/// The file systems that mailboxes are on, each with a descriptor that was opened before the first write to it and is kept: only such a
/// descriptor's syncfs reports every write that failed. Safe from any thread.
package final class Volumes: Sendable {
  private let disk: any Disk
  private let known = Monitor<[UInt64: Known]>([:])

  private struct Known: Sendable {
    let handle: DiskHandle
    let isLazy: Bool
  }

  package init(disk: any Disk) { self.disk = disk }

  deinit {
    for entry in known.withLock({ Array($0.values) }) { disk.release(entry.handle) }
  }

  /// The file system of an open folder. To be asked before anything is written there.
  package func volume(of folder: DiskHandle) throws(DiskError) -> MaildirVolume {
    let device = try disk.status(folder).device
    if let entry = known.withLock({ $0[device] }) { return MaildirVolume(device: device, isLazy: entry.isLazy) }
    let isLazy = try disk.fileSystem(folder) != .other
    let handle = try disk.open(".", at: folder, [.read, .directory], mode: 0)
    let isNew = known.withLock { known in
      guard known[device] == nil else { return false }
      known[device] = Known(handle: handle, isLazy: isLazy)
      return true
    }
    if !isNew { disk.release(handle) }
    return MaildirVolume(device: device, isLazy: isLazy)
  }

  /// Makes every file durable whose delivery to `device` had returned before. After an error nothing is known of those since the last
  /// success, and a later success proves nothing for them. Blocks for long.
  package func synchronize(_ device: UInt64) throws(DiskError) {
    guard let entry = known.withLock({ $0[device] }) else { return }
    try disk.synchronizeFileSystem(entry.handle)
  }
}
