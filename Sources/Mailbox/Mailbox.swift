// SPDX-License-Identifier: Apache-2.0

// Mailbox: messages in Maildirs and mailbox files, written so that the spool can vouch for them.
//
//   MaildirLocation   where a Maildir is: a base that the administrator trusts, and a path below it that nothing can lead out of
//   MaildirStore      delivers: create in tmp/, write, rename to new/
//   MaildirSearch     says after a crash whether a file is there and whole
//   MaildirSize       the quota of a Maildir and what it holds, as Maildir++ keeps them
//   MboxStore         appends to a mailbox file under its locks, in an order that a crash anywhere leaves readable
//   MboxSearch        finds the copy that an earlier attempt has left in a mailbox file, in whole or in part
//
// Everything goes through a `Disk` and may block. A store and a search belong to one thread.
