// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Runtime

/// Where mail for a user goes.
package struct UserMailbox: Equatable, Sendable {
  package let location: MaildirLocation
  /// The system user whose files these are; nil for a virtual user, whose files are the server's own.
  package let owner: SystemUser?

  package init(location: MaildirLocation, owner: SystemUser?) {
    self.location = location
    self.owner = owner
  }
}

/// Why a user's mailbox is not known now, though the user may exist.
package enum UserLookupError: Error, Equatable, Sendable {
  /// The user database did not answer.
  case unavailable(String)
  /// The settings lead to no place where mail can be written.
  case unusable(String)

  package var text: String {
    switch self {
    case .unavailable(let cause): "user lookup error: \(cause)"
    case .unusable(let cause): cause
    }
  }

  /// RFC 3463 §3.4 and §3.6.
  package var status: String {
    switch self {
    case .unavailable: "4.3.0"
    case .unusable: "4.3.5"
    }
  }
}
