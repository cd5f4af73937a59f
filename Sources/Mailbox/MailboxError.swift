// SPDX-License-Identifier: Apache-2.0
import Runtime

/// A delivery that did not happen. All of these may pass: the message stays in the spool.
package struct MailboxError: Error, Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// No room on the disk.
    case full
    /// No room for this user.
    case overQuota
    case forbidden
    /// A symbolic link, or something else that is not a folder, stands where one should.
    case notFolder
    case other
  }

  package let kind: Kind
  package let cause: DiskError
  /// What the log and the sender are told, in Postfix's words.
  package let text: String

  init(_ cause: DiskError, _ attempt: String) {
    self.cause = cause
    kind = Kind(cause)
    text = "maildir delivery failed: \(attempt): \(cause.reason)"
  }

  /// RFC 3463 §3.3 and §3.4.
  package var status: String {
    switch kind {
    case .full: "4.3.1"
    case .overQuota: "4.2.2"
    case .forbidden, .notFolder, .other: "4.2.0"
    }
  }
}

extension MailboxError.Kind {
  fileprivate init(_ cause: DiskError) {
    if cause.isOverQuota {
      self = .overQuota
    } else if cause.isFull {
      self = .full
    } else if cause.isForbidden || cause.isReadOnly {
      self = .forbidden
    } else {
      self = cause.isNotDirectory ? .notFolder : .other
    }
  }
}
