// SPDX-License-Identifier: Apache-2.0
//
// smtpd_client_restrictions and its brothers: lists of words, read once and checked, then decided for one client, one sender, one recipient at a time.
//
// Pure: tables are in memory, and what must be asked of others goes through two seams, `Names.NameService` and `PolicyService`.
