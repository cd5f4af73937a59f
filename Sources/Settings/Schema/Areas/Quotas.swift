// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let quotas = Area(
    "Quotas",
    """
    How much the Maildirs may hold, all folders together. What a Maildir holds is kept in its file `maildirsize`, as Maildir++ says and as Dovecot's \
    `maildir` quotas have it. The words are Dovecot's: these settings, a block `plugin { quota_rule = … }` as in 2.3, or `quota "User quota" { storage_size = … }` \
    as in 2.4. A recipient whose Maildir is full is refused when it is named, if Weir may read that Maildir; else when the message is delivered.
    """,
    [
      Keys.quota, Keys.quotaRule, Keys.quotaGrace, Keys.quotaStorageSize, Keys.quotaStoragePercentage, Keys.quotaStorageExtra, Keys.quotaStorageGrace,
      Keys.quotaMessageCount, Keys.quotaMessagePercentage, Keys.quotaEnforce, Keys.quotaMailSize, Keys.quotaExceededMessage, Keys.quotaFullTempfail,
      Keys.quotaStatusOverquota, Keys.quotaStatusToolarge,
    ])
}

extension Keys {
  package static let quota = Key.text(
    "quota", "maildir:User quota", .dovecot, example: "maildir:User quota:noenforcing",
    """
    How the mail is counted, and a name for it. Weir counts the files of the Maildir; it does so for `count` and `dict` too. `fs`, `imapc` and `noop` leave the \
    limits to others, and `:noenforcing` turns them off.
    """)

  package static let quotaRule = Key.text(
    "quota_rule", "", .dovecot, example: "*:storage=1G:messages=10000, Trash:ignore",
    """
    How much the Maildir of each user may hold, as Dovecot 2.3 says it: `*:` with `storage` in KiB or with a unit, `bytes`, and the number of `messages`. \
    `INBOX:storage=+100M` adds to that for new mail, `Trash:ignore` does not count a folder; other rules for single folders have no effect on delivery. \
    quota_rule2, quota_rule3 and so on add to the list. Empty: no limit.
    """)

  package static let quotaGrace = Key.text(
    "quota_grace", "10%", .dovecot, example: "50M",
    "How far the last message may go beyond the `storage` of quota_rule, if there was room before it: a part of the limit, or a size.")

  package static let quotaStorageSize = Key.byteCount(
    "quota_storage_size", "0", .dovecot, example: "1G", "The limit as Dovecot 2.4 says it, in place of quota_rule. 0 and `unlimited`: none.")

  package static let quotaStoragePercentage = Key.integer(
    "quota_storage_percentage", 100, .dovecot, example: "110", "How much of quota_storage_size counts, in percent.")

  package static let quotaStorageExtra = Key.byteCount(
    "quota_storage_extra", "0", .dovecot, example: "100M", "What is added to quota_storage_size.")

  package static let quotaStorageGrace = Key.byteCount(
    "quota_storage_grace", "10M", .dovecot, example: "0", "How far the last message may go beyond quota_storage_size, if there was room before it.")

  package static let quotaMessageCount = Key.integer(
    "quota_message_count", 0, .dovecot, example: "10000", "The number of messages as Dovecot 2.4 says it. 0 and `unlimited`: no limit.")

  package static let quotaMessagePercentage = Key.integer(
    "quota_message_percentage", 100, .dovecot, example: "110", "How much of quota_message_count counts, in percent.")

  package static let quotaEnforce = Key.boolean("quota_enforce", true, .dovecot, "Whether these limits count at all.")

  package static let quotaMailSize = Key.byteCount(
    "quota_mail_size", "0", .dovecot, example: "50M",
    "The longest message that a Maildir takes; in Dovecot 2.3 quota_max_mail_size, which is read as this. 0 and `unlimited`: no limit.")

  package static let quotaExceededMessage = Key.text(
    "quota_exceeded_message", "Quota exceeded (mailbox for user is full)", .dovecot, example: "This mailbox is full",
    "What the sender of a message is told that does not fit, when it is delivered.")

  package static let quotaFullTempfail = Key.boolean(
    "quota_full_tempfail", false, .dovecot,
    "Whether mail for a full Maildir waits, instead of being refused for good. Recipients are refused with 452 then.")

  package static let quotaStatusOverquota = Key.text(
    "quota_status_overquota", "552 5.2.2 Mailbox is full", .dovecot, example: "452 4.2.2 Mailbox is full, try later",
    "The reply to a recipient whose Maildir is full: a code, a status and a text. In Dovecot, whose quota-status does this for Postfix, it begins with 554."
  )

  package static let quotaStatusToolarge = Key.text(
    "quota_status_toolarge", "552 5.2.3 Message is too large for this mailbox", .dovecot, example: "554 5.2.3 Too large",
    "The reply to a recipient for whom the message is longer than quota_mail_size, if the client says how long it is.")
}
