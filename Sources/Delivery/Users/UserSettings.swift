// SPDX-License-Identifier: Apache-2.0
import Mailbox

/// The settings by which users are found.
package struct UserSettings: Sendable {
  /// `virtual_mailbox_base`.
  package var virtualMailboxBase: String
  /// `home_mailbox`: relative to the home directory; a slash at its end makes it a Maildir. Empty: mail goes to `mailSpoolDirectory`.
  package var homeMailbox: String
  /// `mail_spool_directory`: the folder of the users' mailbox files, or of their Maildirs if it ends in a slash.
  package var mailSpoolDirectory: String
  /// `recipient_delimiter`: each of its characters is one.
  package var recipientDelimiter: String
  /// `local_transport` is `error:`: its status and text.
  package var localError: (status: String, text: String)?
  /// `prepend_delivered_header` has `file`.
  package var prependsDeliveredTo = true
  /// Where mail for root goes, who has no mailbox of his own; nil: nowhere.
  package var rootMailbox: MailboxLocation?
  /// How files of system users are written, and those of virtual users.
  package var localRules: MboxRules
  package var virtualRules: MboxRules
  /// `quota_rule`: of each Maildir.
  package var quota: MaildirQuota?

  package init(
    virtualMailboxBase: String, homeMailbox: String = "Maildir/", mailSpoolDirectory: String = "/var/mail", recipientDelimiter: String = "",
    localRules: MboxRules = MboxRules(), virtualRules: MboxRules = MboxRules()
  ) {
    self.virtualMailboxBase = virtualMailboxBase
    self.homeMailbox = homeMailbox
    self.mailSpoolDirectory = mailSpoolDirectory
    self.recipientDelimiter = recipientDelimiter
    self.localRules = localRules
    self.virtualRules = virtualRules
  }
}
