// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let mailboxes = Area(
    "Mailboxes", "Where mail ends up.",
    [
      Keys.homeMailbox, Keys.virtualMailboxBase, Keys.deliveryThreads,
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

  package static let deliveryThreads = Key.integer(
    "delivery_threads", 1, in: 1...256, .weir, example: "4", "How many threads write to mailboxes.")
}
