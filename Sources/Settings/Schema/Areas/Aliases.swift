// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let aliases = Area(
    "Aliases and copies", "Who else gets mail for an address. docs/aliases.md has examples.",
    [
      Keys.aliasMaps, Keys.virtualAliasMaps, Keys.virtualAliasDomains, Keys.virtualAliasExpansionLimit, Keys.virtualAliasRecursionLimit,
      Keys.virtualAliasAddressLengthLimit, Keys.propagateUnmatchedExtensions, Keys.expandOwnerAlias,
      Keys.allowMailToCommands, Keys.allowMailToFiles, Keys.defaultPrivs, Keys.mailboxCommand,
      Keys.mailboxCommandMaps, Keys.commandExpansionFilter, Keys.commandTimeLimit, Keys.commandExecutionDirectory, Keys.localCommandShell,
      Keys.exportEnvironment, Keys.forwardPath, Keys.forwardExpansionFilter, Keys.alwaysBcc, Keys.senderBccMaps, Keys.recipientBccMaps,
    ])
}

extension Keys {
  package static let aliasMaps = Key.aliases(
    "alias_maps", "", example: "hash:/etc/aliases",
    """
    Who gets mail for names of this system: files as aliases(5) has them (`name: somebody, else`), or other tables by the name. In Postfix the default is \
    hash:/etc/aliases and NIS.
    """)

  package static let virtualAliasMaps = Key.tables(
    "virtual_alias_maps", "", example: "hash:/etc/weir/virtual_alias",
    """
    The addresses that get mail for another, in any domain. `user+extension@domain`, `user@domain`, `user` (in myorigin, mydestination and our own \
    addresses) and `@domain` are looked up in this order; what is found is looked up again.
    """)

  package static let virtualAliasDomains = Key.domains(
    "virtual_alias_domains", "$virtual_alias_maps", example: "example.org",
    "The domains whose addresses are all in virtual_alias_maps: others are refused. A table stands for the domains that are keys in it.")

  package static let virtualAliasExpansionLimit = Key.integer(
    "virtual_alias_expansion_limit", 1000, in: 1...100_000, example: "2000", "How many addresses virtual_alias_maps may make of one.")

  package static let virtualAliasRecursionLimit = Key.integer(
    "virtual_alias_recursion_limit", 1000, in: 1...1000, example: "100", "How often an address from virtual_alias_maps may be looked up there again.")

  package static let virtualAliasAddressLengthLimit = Key.integer(
    "virtual_alias_address_length_limit", 1000, in: 64...10_000, example: "500",
    "The longest address that virtual_alias_maps may make: beyond it an expansion must be a mistake.")

  package static let propagateUnmatchedExtensions = Key.choices(
    "propagate_unmatched_extensions", "canonical, virtual", of: ["canonical", "virtual", "alias", "forward", "include", "generic"],
    example: "canonical, virtual, alias",
    "Which tables copy the extension of an address that was looked up without it (`alice+news`) to what they make of it.")

  package static let expandOwnerAlias = Key.boolean(
    "expand_owner_alias", false, .topLevel,
    "Whether the sender of mail through an alias with an `owner-` alias is what that stands for, instead of its name.")

  package static let allowMailToCommands = Key.choices(
    "allow_mail_to_commands", "alias, forward", of: ["alias", "forward", "include"], example: "alias",
    "Where a recipient may be `|command`: in alias files, in .forward files, in files that `:include:` names.")

  package static let allowMailToFiles = Key.choices(
    "allow_mail_to_files", "alias, forward", of: ["alias", "forward", "include"], example: "alias",
    "Where a recipient may be `/file`, as allow_mail_to_commands.")

  package static let defaultPrivs = Key.text(
    "default_privs", "nobody", example: "daemon",
    """
    The user as whom commands and files of an alias file are delivered to that belongs to root. Those of another file are its owner's. Weir can become \
    another user only if it was started as root.
    """)

  package static let mailboxCommand = Key.text(
    "mailbox_command", "", Traits(expands: false), example: #"/usr/bin/procmail -a "$EXTENSION""#,
    """
    The command that gets the mail of users of the system, as that user, instead of a mailbox. It runs without a shell, unless it needs one. USER, LOGNAME, HOME, \
    SHELL, EXTENSION, DOMAIN, RECIPIENT, SENDER and others are in its environment.
    """)

  package static let mailboxCommandMaps = Key.tables(
    "mailbox_command_maps", "", example: "hash:/etc/weir/mailbox_commands", "The same by user; found nothing, mailbox_command counts.")

  package static let commandExpansionFilter = Key.text(
    "command_expansion_filter", "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", Traits(expands: false), example: "abc.",
    "The characters that an address may bring into the environment and the arguments of a command. Others become `_`.")

  package static let commandTimeLimit = Key.duration(
    "command_time_limit", "1000s", example: "300s",
    "How long a command has for a message: of an alias, a .forward file, mailbox_command, and of a pipe that has no `time_limit`.")

  package static let commandExecutionDirectory = Key.text(
    "command_execution_directory", "", Traits(expands: false), example: "$home", "Where commands of users run. Empty: in the queue's folder.")

  package static let localCommandShell = Key.path(
    "local_command_shell", "", example: "/bin/smrsh -c", "The shell for commands of users. Empty: /bin/sh, and only for commands that need one.")

  package static let exportEnvironment = Key.words(
    "export_environment", "TZ LANG", example: "TZ LANG PATH=/usr/bin:/bin",
    "What commands find in their environment besides what is told of the message: names to pass on, and `name=value`. In Postfix MAIL_CONFIG too.")

  package static let forwardPath = Key.text(
    "forward_path", "$home/.forward${recipient_delimiter}${extension}, $home/.forward", Traits(expands: false), example: "$home/.forward",
    """
    Where a user of the system says who gets her mail instead: the first of these files that is there counts. A path with `$name` that has no value is left out. \
    The names are user, home, extension, recipient_delimiter, local, domain, recipient. Empty: no such files are read.
    """)

  package static let forwardExpansionFilter = Key.text(
    "forward_expansion_filter", "1234567890!@%-_=+:,./abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", Traits(expands: false), example: "abc.",
    "The characters that an address may bring into forward_path. Others become `_`.")

  package static let alwaysBcc = Key.text("always_bcc", "", example: "archive@example.com", "The address that gets a copy of every message.")

  package static let senderBccMaps = Key.tables(
    "sender_bcc_maps", "", example: "hash:/etc/weir/sender_bcc",
    "The address that gets a copy of mail of a sender: `user+extension@domain`, `user@domain`, `user` (ours) and `@domain` are looked up.")

  package static let recipientBccMaps = Key.tables(
    "recipient_bcc_maps", "", example: "hash:/etc/weir/recipient_bcc", "The same for mail to a recipient, as the client named it.")
}
