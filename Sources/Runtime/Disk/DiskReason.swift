// SPDX-License-Identifier: Apache-2.0
import Glibc

extension DiskError {
  /// The system's words for the error.
  package var reason: String { String(cString: strerror(code)) }

  /// The user's quota is used up, or the file would be larger than this user's files may be.
  package var isOverQuota: Bool { code == EDQUOT || code == EFBIG }
  /// The file would be longer than it may be.
  package var isTooLarge: Bool { code == EFBIG }
  package static let tooLarge = EFBIG
  package static let busy = EAGAIN
  /// Something that is not a directory, a symbolic link for instance, stands where a directory should.
  package var isNotDirectory: Bool { code == ENOTDIR || code == ELOOP }
}
