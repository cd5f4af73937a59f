// SPDX-License-Identifier: Apache-2.0

/// How mailbox files are written.
package struct MboxRules: Hashable, Sendable {
  /// `mailbox_delivery_lock`, `virtual_mailbox_lock`: which locks keep other programs out.
  package struct Locks: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let fcntl = Locks(rawValue: 1)
    package static let flock = Locks(rawValue: 2)
    package static let dotlock = Locks(rawValue: 4)
  }

  package var locks: Locks
  /// `mailbox_size_limit`, `virtual_mailbox_limit`: the file does not grow beyond so many bytes; 0 is no limit.
  package var sizeLimit: Int64
  /// `stale_lock_time` in microseconds: a dot lock that is older is taken away.
  package var staleLockTime: Int64

  package init(locks: Locks = [.fcntl, .dotlock], sizeLimit: Int64 = 0, staleLockTime: Int64 = 500_000_000) {
    self.locks = locks
    self.sizeLimit = sizeLimit
    self.staleLockTime = staleLockTime
  }
}
