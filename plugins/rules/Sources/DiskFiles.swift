// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Glibc

/// Files of the disk, read when the stage is made: that is the one time when it may wait for a disk.
package struct DiskFiles: FileSource {
  package init() {}

  package func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw Self.failure(errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(reason: "not a regular file") }
    guard status.st_size <= limit else { throw .tooLong(limit: limit) }
    return try Self.bytes(descriptor, limit: limit)
  }

  private static func bytes(_ descriptor: CInt, limit: Int) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw failure(errno) }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else { throw .tooLong(limit: limit) }
      bytes += piece[..<count]
    }
  }

  private static func failure(_ number: CInt) -> FileError { FileError(reason: String(cString: strerror(number))) }

  package func names(inFolder path: String) throws(FileError) -> [String] { throw .notFound }
}
