// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Runtime
import SMTP
import Queue

/// As whom a mailbox is written.
struct Actor: Equatable {
  let user: SystemUser
  /// Nil for all groups that the system gives the user.
  let groups: [UInt32]?

  /// With the groups that the system gives the user.
  init(_ user: SystemUser) {
    self.user = user
    groups = nil
  }

  /// As Postfix: in a spool folder that its group may write to, with that group; virtual users have their one group.
  init(_ owner: SystemUser, _ mailbox: UserMailbox, _ disk: any Disk) {
    if mailbox.isInSpool, let group = Actor.spoolGroup(mailbox.location, disk) {
      user = SystemUser(name: owner.name, uid: owner.uid, gid: group, home: owner.home)
      groups = [group]
    } else {
      user = owner
      groups = owner.name.isEmpty ? [owner.gid] : nil
    }
  }

  private static func spoolGroup(_ location: MailboxLocation, _ disk: any Disk) -> UInt32? {
    let base =
      switch location {
      case .maildir(let location): location.base
      case .mbox(let location): location.base
      }
    do throws(DiskError) {
      // The `.` follows a link, as the delivery will.
      let folder = try disk.status("\(base)/.", at: nil)
      return folder.mode & 0o002 == 0 && folder.mode & 0o020 != 0 && folder.group != 0 ? folder.group : nil
    } catch {
      return nil
    }
  }
}

extension Destination {
  /// Nil where no mailbox is.
  package var route: Recipient.Route? {
    switch self {
    case .local: .local
    case .virtual: .virtual
    case .remote: nil
    }
  }
}

extension MailboxError {
  /// RFC 5321 §4.2.3.
  var replyCode: UInt16 {
    switch kind {
    case .busy: MailboxExtension.busy
    case .full: 452
    case .mailboxFull, .messageTooLarge: 552
    case .notFile: 550
    case .overQuota, .forbidden, .notFolder, .other: 451
    }
  }
}
