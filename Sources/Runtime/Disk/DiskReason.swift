// SPDX-License-Identifier: Apache-2.0
import Glibc

extension DiskError {
  /// The system's words for the error.
  package var reason: String { String(cString: strerror(code)) }

  /// The user's quota is used up, or the file would be larger than this user's files may be.
  package var isOverQuota: Bool { code == EDQUOT || code == EFBIG }
  /// Something that is not a directory, a symbolic link for instance, stands where a directory should.
  package var isNotDirectory: Bool { code == ENOTDIR || code == ELOOP }
}
