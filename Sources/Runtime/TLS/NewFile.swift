// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A file written whole under a name of its own, then moved into place: readers see the old one or the new one.
struct NewFile {
  let path: String

  /// Makes the file anew, never through a link, and returns when it is on the disk. What a crash left under the name is removed.
  init(path: String, bytes: [UInt8], mode: mode_t) throws(TLSConfigurationError) {
    self.path = path
    guard unlink(path) == 0 || errno == ENOENT else { throw Self.failure(path) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw Self.failure(path) }
    defer { close(descriptor) }
    // The umask may have taken bits that others need.
    guard fchmod(descriptor, mode) == 0, Self.writeAll(bytes, descriptor), fsync(descriptor) == 0 else {
      let error = Self.failure(path)
      unlink(path)
      throw error
    }
  }

  func move(to target: String) throws(TLSConfigurationError) { try Self.move(path, to: target) }

  /// Renames within a folder and returns when that is on the disk.
  static func move(_ source: String, to target: String) throws(TLSConfigurationError) {
    guard rename(source, target) == 0 else { throw failure(target) }
    let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder) }
  }

  static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count > 0 { rest = rest.dropFirst(count) } else if count == 0 || errno != EINTR { return false }
      }
      return true
    }
  }

  private static func failure(_ path: String) -> TLSConfigurationError {
    TLSConfigurationError(path, String(cString: strerror(errno)))
  }
}
