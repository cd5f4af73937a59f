// SPDX-License-Identifier: Apache-2.0
import CLinux

/// Who acts on files.
package enum Identity {
  /// Makes the calling thread, and no other, act on files as `user`. There must be no `await` until another identity is assumed: a task may
  /// go on in another thread. Refuses root.
  package static func assume(_ user: SystemUser, groups: [UInt32]) throws(SystemError) {
    try check(clinux_assume_user(user.uid, user.gid, groups, groups.count), "setfsuid \(user.name)")
  }

  /// Leaves root for good, keeping only what `assume` needs. Call it while the process has one thread.
  package static func keepOnlyAssuming(as user: SystemUser) throws(SystemError) {
    try check(clinux_keep_setid(user.uid, user.gid), "capset")
  }

  private static func check(_ result: Int32, _ operation: String) throws(SystemError) {
    if result < 0 { throw SystemError(code: -result, operation: operation) }
  }
}
