// SPDX-License-Identifier: Apache-2.0
//
// smtpd_client_restrictions and its brothers: lists of words, read once and checked, then decided for one client, one sender, one recipient at a time.
//
// Reading/ makes a `RestrictionList` of a setting, with everything wrong in it. Deciding/ is a `Judge`: given the facts of a session it answers with a
// `Judgement`, or with the questions that must be answered first. An evaluation that misses an answer is thrown away and begun again when it is there: it
// has no effect before its end, and whoever needs no answer never waits.
//
// Pure: tables are in memory, and what must be asked of others goes through `Names.NameService`, `PolicyService` and the user database.
