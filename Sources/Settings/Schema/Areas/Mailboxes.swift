// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let mailboxes = Area(
    "Mailboxes", "Where mail ends up.",
    [
      Keys.homeMailbox, Keys.mailSpoolDirectory, Keys.mailboxSizeLimit, Keys.mailboxDeliveryLock, Keys.virtualMailboxBase, Keys.virtualUidMaps,
      Keys.virtualGidMaps, Keys.virtualMinimumUid, Keys.virtualMailboxLimit, Keys.virtualMailboxLock, Keys.deliverLockAttempts,
      Keys.deliverLockDelay, Keys.staleLockTime,
      Keys.prependDeliveredHeader, Keys.deliveryThreads,
    ])
}

extension Keys {
  package static let homeMailbox = Key.path(
    "home_mailbox", "${mail_spool_directory:Maildir/}", example: "mail/inbox",
    """
    The mailbox of a system user, below the home directory: a Maildir if it ends in `/`, else a file. Empty: mail goes to mail_spool_directory. \
    That is Postfix's default, while Weir delivers to `Maildir/` where mail_spool_directory is not set either.
    """)

  package static let mailSpoolDirectory = Key.path(
    "mail_spool_directory", "", example: "/var/spool/mail",
    """
    The folder with the mailbox file of each system user, used when home_mailbox is empty; ends in `/` if the users have Maildirs there. \
    Empty stands for `/var/mail`. Its group or its users must be allowed to write there: nothing is delivered as root.
    """)

  package static let mailboxSizeLimit = Key.byteCount(
    "mailbox_size_limit", "51200000", example: "0",
    "The longest that the mailbox file of a system user may become; mail beyond that is refused. 0 is no limit. Not less than message_size_limit.")

  package static let mailboxDeliveryLock = Key.choices(
    "mailbox_delivery_lock", "fcntl, dotlock", of: lockTypes, example: "fcntl",
    """
    How the mailbox file of a system user is locked during delivery, against programs that read it. A dot lock (`alice.lock`) is left out where \
    the user may make no file in that folder.
    """)

  package static let virtualMailboxBase = Key.path(
    "virtual_mailbox_base", "", example: "/var/mail/vhosts", "The folder that the paths in virtual_mailbox_maps are relative to.")

  package static let virtualUidMaps = Key.tables(
    "virtual_uid_maps", "", example: "static:5000",
    """
    The user id that owns the mailbox of each address in virtual_mailbox_maps, looked up as there. Empty: mail_owner owns them all; in Postfix \
    nothing could be delivered then. Ids other than Weir's own need a start as root.
    """)

  package static let virtualGidMaps = Key.tables(
    "virtual_gid_maps", "", example: "static:5000", "The group id for the mailbox of each address, as virtual_uid_maps. Set both or neither.")

  package static let virtualMinimumUid = Key.integer(
    "virtual_minimum_uid", 100, in: 1...Int(Int32.max), example: "1000", "A lower number in virtual_uid_maps is a mistake: such mail waits.")

  package static let virtualMailboxLimit = Key.byteCount(
    "virtual_mailbox_limit", "51200000", example: "0", "As mailbox_size_limit, for the mailbox files of virtual users.")

  package static let virtualMailboxLock = Key.choices(
    "virtual_mailbox_lock", "fcntl, dotlock", of: lockTypes, example: "fcntl", "As mailbox_delivery_lock, for the mailbox files of virtual users.")

  package static let deliverLockAttempts = Key.integer(
    "deliver_lock_attempts", 20, in: 1...Int(Int32.max), example: "5",
    "How often a mailbox file that another program has locked is tried before the message waits as it does after other failures.")

  package static let deliverLockDelay = Key.duration(
    "deliver_lock_delay", "1s", seconds: 0...Int(Int32.max), example: "2s",
    "The time between two tries of deliver_lock_attempts. Other mail is delivered meanwhile.")

  package static let staleLockTime = Key.duration(
    "stale_lock_time", "500s", example: "300s", "A dot lock that is older was left by a program that crashed, and is removed.")

  package static let prependDeliveredHeader = Key.choices(
    "prepend_delivered_header", "command, file, forward", of: ["command", "file", "forward"], example: "command, forward",
    """
    Which deliveries to users of the system add a Delivered-To field: `file` stands for mailboxes; nothing is forwarded or piped to commands yet. \
    Without the field a message that comes back is not known to have been here. Mailboxes in virtual_mailbox_maps always get it.
    """)

  package static let deliveryThreads = Key.integer(
    "delivery_threads", 1, in: 1...256, .weir, example: "4", "How many threads write to mailboxes.")

  static let lockTypes = ["fcntl", "flock", "dotlock"]
}
