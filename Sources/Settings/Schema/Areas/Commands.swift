// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let commands = Area(
    "Commands of users", "Who on this machine may hand in mail and look at the queue, with `sendmail`, `mailq` and `postqueue`. Root always may.",
    [Keys.aliasDatabase, Keys.authorizedSubmitUsers, Keys.authorizedMailqUsers, Keys.authorizedFlushUsers])
}

extension Keys {
  package static let aliasDatabase = Key.text(
    "alias_database", "", example: "hash:/etc/aliases",
    "Alias files that `newaliases` checks besides those of alias_maps. Weir reads the texts: no database is made of them.")

  package static let authorizedSubmitUsers = Key.commands(
    "authorized_submit_users", "static:anyone", example: "!www-data, static:all", "Users who may hand in mail with `sendmail`.")

  package static let authorizedMailqUsers = Key.commands(
    "authorized_mailq_users", "static:anyone", example: "root, alice", "Users who may list the queue with `mailq`.")

  package static let authorizedFlushUsers = Key.commands(
    "authorized_flush_users", "static:anyone", example: "root, alice",
    "Users who may have deferred mail tried now, with `postqueue -f`, `-i` and `-s`.")
}
