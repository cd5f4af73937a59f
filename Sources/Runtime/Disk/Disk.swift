// SPDX-License-Identifier: Apache-2.0

/// The file system as the spool and the mailboxes use it: every call that can leave a trace on disk goes through here, so that a
/// simulated disk can stand in and stop the program at each of them.
///
/// All calls may block: never make them on an event loop. Paths are relative to `directory`; with nil, to the working directory.
/// A class, so that `any Disk` is a pointer and a call through it allocates nothing.
package protocol Disk: AnyObject, Sendable {
  /// openat(2). `mode` counts only with `.create`.
  func open(_ path: String, at directory: DiskHandle?, _ options: OpenOptions, mode: UInt32) throws(DiskError) -> DiskHandle
  /// close(2): errors of NFS and quotas come here, so a file that must be durable is not until this returns.
  func close(_ handle: DiskHandle) throws(DiskError)
  /// pread(2), until `buffer` is full or the file ends; answers the count.
  func read(_ handle: DiskHandle, into buffer: UnsafeMutableRawBufferPointer, offset: Int64) throws(DiskError) -> Int
  /// mmap(2): the first `length` bytes, to look at.
  func view(_ handle: DiskHandle, length: Int) throws(DiskError) -> FileView
  /// pwritev(2), until all pieces are written one after the other. On an error any part of them may be in the file.
  func write(_ handle: DiskHandle, _ pieces: [UnsafeRawBufferPointer], offset: Int64) throws(DiskError)
  /// fdatasync(2): content and size. After an error the content is lost to any later call: never try again.
  func synchronizeData(_ handle: DiskHandle) throws(DiskError)
  /// fsync(2): of a directory, its entries.
  func synchronize(_ handle: DiskHandle) throws(DiskError)
  /// syncfs(2): everything written to the file system of `handle`; reports what failed since the last call on this handle.
  func synchronizeFileSystem(_ handle: DiskHandle) throws(DiskError)
  /// fallocate(2): the file has `length` bytes of reserved space and that size.
  func allocate(_ handle: DiskHandle, length: Int64) throws(DiskError)
  /// ftruncate(2).
  func truncate(_ handle: DiskHandle, length: Int64) throws(DiskError)
  /// renameat2(2); without `replacing`, EEXIST when the new name is taken.
  func rename(
    _ path: String, at directory: DiskHandle?, to newPath: String, at newDirectory: DiskHandle?, replacing: Bool
  ) throws(DiskError)
  /// linkat(2).
  func link(_ path: String, at directory: DiskHandle?, to newPath: String, at newDirectory: DiskHandle?) throws(DiskError)
  /// unlinkat(2) of a file.
  func unlink(_ path: String, at directory: DiskHandle?) throws(DiskError)
  /// mkdirat(2).
  func makeDirectory(_ path: String, at directory: DiskHandle?, mode: UInt32) throws(DiskError)
  /// The names in an open directory, in no order, without `.` and `..`.
  func list(_ directory: DiskHandle) throws(DiskError) -> [String]
  /// fstatat(2) that does not follow a symbolic link.
  func status(_ path: String, at directory: DiskHandle?) throws(DiskError) -> FileStatus
  /// fstat(2).
  func status(_ handle: DiskHandle) throws(DiskError) -> FileStatus
  /// flock(2), exclusive and without waiting: false when another process holds it. Closing the handle lets go.
  func lock(_ handle: DiskHandle) throws(DiskError) -> Bool
  /// fcntl(2)'s exclusive lock on the whole file, as `lock`: false when another program, or another handle, holds one.
  func lockRecords(_ handle: DiskHandle) throws(DiskError) -> Bool
  /// Which file system the handle is on.
  func fileSystem(_ handle: DiskHandle) throws(DiskError) -> FileSystemKind
  /// Changes when the machine starts, and only then.
  var bootID: BootID { get }
  /// 64 random bits, for names and generations that must never come again.
  func random() -> UInt64
}

/// An open file or directory of a `Disk`. Whoever opened it closes it, once.
package struct DiskHandle: Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }
}

/// How to open a file; close-on-exec always.
package struct OpenOptions: OptionSet, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }
  package static let read = OpenOptions(rawValue: 0x01)
  package static let write = OpenOptions(rawValue: 0x02)
  package static let create = OpenOptions(rawValue: 0x04)
  package static let exclusive = OpenOptions(rawValue: 0x08)
  package static let directory = OpenOptions(rawValue: 0x10)
  package static let noFollow = OpenOptions(rawValue: 0x20)
  package static let nonBlocking = OpenOptions(rawValue: 0x40)
  /// Every write goes to the end of the file, whatever its offset.
  package static let append = OpenOptions(rawValue: 0x80)
}

package struct FileStatus: Equatable, Sendable {
  package var size: Int64
  /// Microseconds since 1970.
  package var modified: Int64
  /// The file system, as long as it is mounted.
  package var device: UInt64
  package var inode: UInt64
  /// Type and permissions, as st_mode.
  package var mode: UInt32
  package var owner: UInt32
  package var group: UInt32
  /// Names that the file has.
  package var links: UInt32

  package init(size: Int64, modified: Int64, device: UInt64, inode: UInt64, mode: UInt32, owner: UInt32, group: UInt32, links: UInt32 = 1) {
    self.size = size
    self.modified = modified
    self.device = device
    self.inode = inode
    self.mode = mode
    self.owner = owner
    self.group = group
    self.links = links
  }

  package var isDirectory: Bool { mode & 0o170000 == 0o040000 }
  package var isRegular: Bool { mode & 0o170000 == 0o100000 }
}

/// Only the first three are known to report every failed write through syncfs.
package enum FileSystemKind: Int32, Sendable { case other, ext4, xfs, btrfs }

/// /proc/sys/kernel/random/boot_id.
package struct BootID: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}
