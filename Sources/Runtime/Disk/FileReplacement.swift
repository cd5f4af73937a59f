// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A file of the administrator's that is replaced whole: readers see the old text or the new one, and a crash leaves one of them. Owner and mode stay,
/// and a link stays a link. Other programs that replace it in this way are kept out meanwhile.
package struct FileReplacement {
  package struct Failure: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// The file itself, where `path` may be a link.
  private let target: String
  private let descriptor: Int32
  private let status: stat

  /// Replaces the bytes, if the file still holds `old`.
  package static func replace(_ path: String, old: [UInt8], new: [UInt8]) throws(Failure) {
    let replacement = try FileReplacement(path)
    defer { closeDescriptor(replacement.descriptor) }
    try replacement.check(old)
    try replacement.write(new)
  }

  private init(_ path: String) throws(Failure) {
    guard let resolved = realpath(path, nil) else { throw Self.failure(path) }
    target = String(cString: resolved)
    free(resolved)
    descriptor = open(target, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(target) }
    var status = stat()
    guard Self.lock(descriptor), fstat(descriptor, &status) == 0 else {
      closeDescriptor(descriptor)
      throw Self.failure(target)
    }
    self.status = status
  }

  private static func lock(_ descriptor: Int32) -> Bool {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { return false }
    }
    return true
  }

  /// Who waited for the lock may hold a file that has just been replaced.
  private func check(_ old: [UInt8]) throws(Failure) {
    var now = stat()
    guard stat(target, &now) == 0 else { throw Self.failure(target) }
    let isSame = now.st_ino == status.st_ino && now.st_dev == status.st_dev && contents(atMost: old.count + 1) == old
    if !isSame { throw Failure(description: "\(target) was changed by somebody else meanwhile; nothing was written") }
  }

  private func contents(atMost limit: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while count < limit {
        let got = pread(descriptor, buffer.baseAddress.map { $0 + count }, limit - count, off_t(count))
        if got < 0, errno == EINTR { continue }
        if got <= 0 { return }
        count += got
      }
    }
  }

  private func write(_ bytes: [UInt8]) throws(Failure) {
    let new = "\(target).\(getpid()).new"
    let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Self.failure(new) }
    defer { closeDescriptor(file) }
    guard takeOwner(file), NewFile.writeAll(bytes, file), fsync(file) == 0 else {
      let failure = Self.failure(new)
      unlink(new)
      throw failure
    }
    do {
      try NewFile.move(new, to: target)
    } catch {
      unlink(new)
      throw Failure(description: error.description)
    }
  }

  /// The owner before the mode: giving a file away takes bits of its mode.
  private func takeOwner(_ file: Int32) -> Bool {
    var own = stat()
    guard fstat(file, &own) == 0 else { return false }
    let isSame = own.st_uid == status.st_uid && own.st_gid == status.st_gid
    return (isSame || fchown(file, status.st_uid, status.st_gid) == 0) && fchmod(file, status.st_mode & 0o7777) == 0
  }

  private static func failure(_ path: String) -> Failure { Failure(description: "\(path): \(String(cString: strerror(errno)))") }
}
