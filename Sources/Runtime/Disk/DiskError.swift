// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A call of a `Disk` that failed: errno, the call and the path it was made for, if there was one.
package struct DiskError: Error, Equatable, Sendable, CustomStringConvertible {
  package let code: Int32
  package let operation: String
  package let path: String

  package init(code: Int32, operation: String, path: String = "") {
    self.code = code
    self.operation = operation
    self.path = path
  }

  package var description: String {
    "\(operation)\(path.isEmpty ? "" : " ")\(path): \(String(cString: strerror(code)))"
  }

  /// No room, or no room for this user: mail is welcome again when space is back.
  package var isFull: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
  package var isReadOnly: Bool { code == EROFS }
  package var isMissing: Bool { code == ENOENT }
  package var isTaken: Bool { code == EEXIST }
  package var isForbidden: Bool { code == EACCES || code == EPERM }

  package static let full = ENOSPC
  package static let inputOutput = EIO
  package static let readOnly = EROFS
  package static let missing = ENOENT
  package static let taken = EEXIST
  package static let notDirectory = ENOTDIR
  package static let isDirectory = EISDIR
  package static let badHandle = EBADF
  package static let notSupported = EOPNOTSUPP
}
