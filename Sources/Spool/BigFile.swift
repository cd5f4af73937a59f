// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// The content of one message on its way to a file of its own, because it is big or memory is short.
///
/// Not for an event loop: every call may block. One thread at a time. Either `finish` or `abandon` it.
package final class BigFile: @unchecked Sendable {
  private let disk: any Disk
  private let folder: SpoolFolder
  private let handle: DiskHandle
  private let name: String
  package private(set) var length: Int64 = 0
  private var crc = CRC32C()

  init(_ folder: SpoolFolder, id: QueueID) throws(DiskError) {
    disk = folder.disk
    self.folder = folder
    name = id.description
    handle = try disk.open(name, at: folder.big, [.read, .write, .create, .exclusive], mode: 0o600)
  }

  package func write(_ pieces: [UnsafeRawBufferPointer]) throws(DiskError) {
    try disk.write(handle, pieces, offset: length)
    for piece in pieces {
      crc.update(piece)
      length += Int64(piece.count)
    }
  }

  /// What was written so far, for as long as the view lives; writing goes on behind it.
  package func view() throws(DiskError) -> FileView { try disk.view(handle, length: Int(clamping: length)) }

  /// Makes file and name durable. Then the message can be committed; if it is not, the file goes at the next start.
  package func finish() throws(DiskError) -> FinishedFile {
    do {
      try disk.synchronizeData(handle)
    } catch {
      abandon()
      throw error
    }
    try disk.close(handle)
    try disk.synchronize(folder.big)
    return FinishedFile(length: length, crc: crc.value)
  }

  package func abandon() {
    try? disk.close(handle)
    try? disk.unlink(name, at: folder.big)
  }
}

/// A content file that is durable under its message's id.
package struct FinishedFile: Equatable, Sendable {
  package let length: Int64
  let crc: UInt32

  package init(length: Int64, crc: UInt32) {
    self.length = length
    self.crc = crc
  }
}
