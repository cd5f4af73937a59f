// SPDX-License-Identifier: Apache-2.0
import CLinux

/// What a mounted file system has, for reports.
package struct Volume: Equatable, Sendable {
  package var bytes: Int64
  /// Free for ordinary users.
  package var freeBytes: Int64
  /// Both zero where the file system makes inodes as it needs them.
  package var inodes: Int64
  package var freeInodes: Int64
  package var isReadOnly: Bool
  /// `ext4`, `tmpfs`; a hexadecimal number for a type without a name here.
  package var type: String

  package init(bytes: Int64, freeBytes: Int64, inodes: Int64, freeInodes: Int64, isReadOnly: Bool, type: String) {
    self.bytes = bytes
    self.freeBytes = freeBytes
    self.inodes = inodes
    self.freeInodes = freeInodes
    self.isReadOnly = isReadOnly
    self.type = type
  }

  /// The one that `path` is on.
  package init(of path: String) throws(SystemError) {
    var raw = clinux_volume()
    _ = try SystemError.check(clinux_volume(path, &raw), "statfs \(path)")
    self.init(
      bytes: raw.bytes, freeBytes: raw.free_bytes, inodes: raw.inodes, freeInodes: raw.free_inodes, isReadOnly: raw.read_only != 0,
      type: Self.types[raw.type] ?? String(raw.type, radix: 16))
  }

  /// linux/magic.h
  private static let types: [UInt64: String] = [
    0xef53: "ext4", 0x5846_5342: "xfs", 0x9123_683e: "btrfs", 0x0102_1994: "tmpfs", 0x8584_58f6: "ramfs", 0x6969: "nfs", 0x794c_7630: "overlay",
    0x6573_5546: "fuse", 0x2fc1_2fc1: "zfs", 0xff53_4d42: "cifs", 0xfe53_4d42: "smb", 0xf2f5_2010: "f2fs", 0x0102_1997: "9p",
  ]
}
