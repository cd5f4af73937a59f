// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let mailboxes = Area(
    "Mailboxes", "Where mail ends up.",
    [
      Keys.homeMailbox, Keys.virtualMailboxBase, Keys.virtualUidMaps, Keys.virtualGidMaps, Keys.virtualMinimumUid, Keys.deliveryThreads,
    ])
}

extension Keys {
  package static let homeMailbox = Key.path(
    "home_mailbox", "Maildir/", example: "mail/",
    """
    The mailbox of a system user, below the home directory, with `/` at its end for a Maildir. \
    Postfix's own default is empty and means a file in mail_spool_directory; Weir delivers to Maildirs only so far.
    """)

  package static let virtualMailboxBase = Key.path(
    "virtual_mailbox_base", "", example: "/var/mail/vhosts", "The folder that the paths in virtual_mailbox_maps are relative to.")

  package static let virtualUidMaps = Key.tables(
    "virtual_uid_maps", "", example: "static:5000", "The user id that owns a virtual mailbox. Empty means the user that Weir runs as.")

  package static let virtualGidMaps = Key.tables(
    "virtual_gid_maps", "", example: "static:5000", "The group id that owns a virtual mailbox. Empty means the group that Weir runs as.")

  package static let virtualMinimumUid = Key.integer(
    "virtual_minimum_uid", 100, in: 1...Int(UInt32.max), example: "1000", "The least user id that virtual_uid_maps may give.")

  package static let deliveryThreads = Key.integer(
    "delivery_threads", 1, in: 1...256, .weir, example: "4", "How many threads write to mailboxes.")
}
