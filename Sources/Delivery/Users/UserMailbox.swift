// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Runtime

/// Where mail for a user goes.
package struct UserMailbox: Equatable, Sendable {
  package let location: MailboxLocation
  /// Whose files these are: a system user, or a virtual one's ids in virtual_uid_maps and virtual_gid_maps, who has no name. Nil for a virtual
  /// user whose files are the server's own.
  package let owner: SystemUser?
  /// The folder is mail_spool_directory: if its group may write there, that is the group to act as.
  package let isInSpool: Bool
  /// If it is a file.
  package let rules: MboxRules
  /// If it is a Maildir.
  package let quota: MaildirQuota?
  /// Each message gets a Delivered-To field.
  package var prependsDeliveredTo = true

  package init(
    location: MailboxLocation, owner: SystemUser?, isInSpool: Bool = false, rules: MboxRules = MboxRules(), quota: MaildirQuota? = nil
  ) {
    self.quota = quota
    self.location = location
    self.owner = owner
    self.isInSpool = isInSpool
    self.rules = rules
  }

  /// Postfix's words.
  package var sentText: String {
    switch location {
    case .maildir: "delivered to maildir"
    case .mbox: "delivered to mailbox"
    }
  }
}

/// Why a user's mailbox is not known now, though the user may exist.
package enum UserLookupError: Error, Equatable, Sendable {
  /// The user database did not answer.
  case unavailable(String)
  /// The settings lead to no place where mail can be written.
  case unusable(String)
  /// The settings say that there is no delivery, with this status and text.
  case refused(status: String, text: String)

  package var text: String {
    switch self {
    case .unavailable(let cause): "user lookup error: \(cause)"
    case .unusable(let cause): cause
    case .refused(_, let text): text
    }
  }

  /// RFC 3463 §3.4 and §3.6.
  package var status: String {
    switch self {
    case .unavailable: "4.3.0"
    case .unusable: "4.3.5"
    case .refused(let status, _): status
    }
  }
}
