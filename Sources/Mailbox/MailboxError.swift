// SPDX-License-Identifier: Apache-2.0
import Runtime

/// A delivery that did not happen. Unless it is permanent it may pass: the message stays in the spool.
package struct MailboxError: Error, Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// No room on the disk.
    case full
    /// No room for this user.
    case overQuota
    /// No room for this user, and none is to be expected.
    case mailboxFull
    /// The user takes no message of this length.
    case messageTooLarge
    /// Another program has locked it: worth another look in a second.
    case busy
    case forbidden
    /// A symbolic link, or something else that is not a folder, stands where one should.
    case notFolder
    /// Something that is no regular file stands where the mailbox should.
    case notFile
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

  package init(_ kind: Kind, _ cause: DiskError, _ text: String) {
    self.kind = kind
    self.cause = cause
    self.text = text
  }

  /// Will not pass by itself.
  package var isPermanent: Bool { status.utf8.first == UInt8(ascii: "5") }

  /// RFC 3463 §3.3 and §3.4.
  package var status: String {
    switch kind {
    case .full: "4.3.1"
    case .overQuota: "4.2.2"
    case .mailboxFull: "5.2.2"
    case .messageTooLarge: "5.2.3"
    case .notFile: "5.2.0"
    case .busy, .forbidden, .notFolder, .other: "4.2.0"
    }
  }
}

extension MailboxError {
  /// Of a mailbox file.
  init(_ fault: MboxFault, _ location: MboxLocation, user: String?) {
    let place = user.map { "cannot update mailbox \(location.path) for user \($0). " } ?? "mailbox \(location.path): "
    switch fault {
    case .busy(let text): self.init(.busy, DiskError(code: DiskError.busy, operation: "lock"), place + text)
    case .notFile:
      self.init(.notFile, DiskError(code: DiskError.notDirectory, operation: "open"), "\(place)destination \(location.path) is not a regular file")
    case .notOwned:
      let cause = DiskError(code: DiskError.notDirectory, operation: "open")
      self.init(.forbidden, cause, "\(place)destination \(location.path) is not owned by recipient")
    case .unreadable: self.init(.other, DiskError(code: DiskError.inputOutput, operation: "read"), "\(place)queue file read error")
    case .failed(let error, let attempt):
      self.init(error.isTooLarge ? .mailboxFull : Kind(error), error, "\(place)\(attempt): \(error.reason)")
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
