// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// Writes a new file from its beginning and keeps its length and checksum.
package struct FileWriter: ~Copyable {
  private let disk: any Disk
  private let handle: DiskHandle
  package private(set) var length: Int64 = 0
  package private(set) var checksum = CRC32C()

  init(disk: any Disk, handle: DiskHandle) {
    self.disk = disk
    self.handle = handle
  }

  /// Writes all pieces in one call.
  package mutating func write(_ pieces: [UnsafeRawBufferPointer]) throws(DiskError) {
    try disk.write(handle, pieces, offset: length)
    for piece in pieces {
      checksum.update(piece)
      length += Int64(piece.count)
    }
  }
}

/// What tells a whole file from a broken one.
package struct FileSeal: Equatable, Sendable {
  package let length: Int64
  /// CRC-32C of all bytes.
  package let checksum: UInt32

  package init(length: Int64, checksum: UInt32) {
    self.length = length
    self.checksum = checksum
  }
}
