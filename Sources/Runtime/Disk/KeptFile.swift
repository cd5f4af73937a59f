// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A small file of Weir's own that can be made again: it is replaced whole, so that readers see the old text or the new one, and is not worth an fsync.
package enum KeptFile {
  private static let limit = 64 << 20

  /// The text; nothing where there is none, or it cannot be read.
  package static func text(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return "" }
    defer { closeDescriptor(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else { return "" }
    let size = Int(status.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = pread(descriptor, buffer.baseAddress.map { $0 + count }, size - count, off_t(count))
        if got < 0, errno == EINTR { continue }
        if got <= 0 { return }
        count += got
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Answers with what went wrong.
  package static func write(_ text: String, to path: String) -> String? {
    let new = "\(path).\(getpid()).new"
    unlink(new)
    let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return failure(new) }
    let isWritten = NewFile.writeAll(Array(text.utf8), descriptor)
    let failed = isWritten ? nil : failure(new)
    closeDescriptor(descriptor)
    if failed == nil, rename(new, path) == 0 { return nil }
    defer { unlink(new) }
    return failed ?? failure(path)
  }

  /// Makes a new text of the old one, while others who do the same wait.
  package static func update(_ path: String, _ change: (String) -> String) -> String? {
    let lock = open("\(path).lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard lock >= 0 else { return failure("\(path).lock") }
    defer { closeDescriptor(lock) }
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else { return failure("\(path).lock") }
    }
    return write(change(text(of: path)), to: path)
  }

  private static func failure(_ path: String) -> String { "\(path): \(String(cString: strerror(errno)))" }
}
