// SPDX-License-Identifier: Apache-2.0

// Mailbox: messages in Maildirs, written so that the spool can vouch for them.
//
//   MaildirLocation   where a Maildir is: a base that the administrator trusts, and a path below it that nothing can lead out of
//   MaildirStore      delivers: create in tmp/, write, rename to new/
//   MaildirSearch     says after a crash whether a file is there and whole
//
// Everything goes through a `Disk` and may block. A store and a search belong to one thread.
