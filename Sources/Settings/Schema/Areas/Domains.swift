// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let domains = Area(
    "Domains and recipients", "Which mail is for here. All other mail is relayed, for clients in mynetworks only.",
    [
      Keys.mydestination, Keys.localRecipientMaps, Keys.virtualMailboxDomains, Keys.virtualMailboxMaps, Keys.relayDomains, Keys.relayRecipientMaps,
      Keys.recipientDelimiter, Keys.luserRelay, Keys.proxyInterfaces,
    ])
}

extension Keys {
  package static let mydestination = Key.domains(
    "mydestination", "$myhostname, localhost.$mydomain, localhost", example: "$myhostname, localhost.$mydomain, localhost, $mydomain",
    """
    The domains whose mail goes to the users of this system. Elements are names, files that hold more of them (`/etc/weir/destinations`) and tables; \
    the value found in a table does not matter.
    """)

  package static let localRecipientMaps = Key.aliases(
    "local_recipient_maps", "unix:passwd.byname $alias_maps", .anywhere, example: "unix:passwd.byname hash:/etc/weir/local",
    """
    The recipients there are in the domains of mydestination. `unix:passwd.byname` stands for the users of the system; alias files and other tables say by \
    their keys who there is. Empty means that no recipient is refused when it is named.
    """)

  package static let virtualMailboxDomains = Key.domains(
    "virtual_mailbox_domains", "", example: "example.org, example.net",
    "The domains whose mail goes to mailboxes of users that the system does not know, as virtual_mailbox_maps lists them. In Postfix the default is `$virtual_mailbox_maps`."
  )

  package static let virtualMailboxMaps = Key.tables(
    "virtual_mailbox_maps", "", example: "hash:/etc/weir/virtual",
    """
    The mailbox of each address in virtual_mailbox_domains: a path below virtual_mailbox_base, with `/` at its end for a Maildir. \
    `user+extension@domain`, `user@domain` and `@domain` are looked up in this order.
    """)

  package static let relayDomains = Key.domains(
    "relay_domains", "", example: "example.com",
    "Further domains for which mail is accepted from anywhere, to be relayed to the servers they belong to.")

  package static let relayRecipientMaps = Key.tables(
    "relay_recipient_maps", "", .anywhere, example: "hash:/etc/weir/relay",
    """
    The recipients there are in the domains of relay_domains: `user+extension@domain`, `user@domain` and `@domain` are looked up, and the value does not \
    matter. Empty: none is refused here.
    """)

  package static let luserRelay = Key.text(
    "luser_relay", "", Traits(expands: false), example: "$user@example.org",
    """
    The address that gets mail for unknown users of the domains of mydestination, which reaches it only if local_recipient_maps is empty. `$user`, \
    `$extension`, `$local`, `$domain`, `$recipient` and `$recipient_delimiter` stand for the unknown recipient's, `${name?text}` and `${name:text}` for text if \
    there is such a part, or none.
    """)

  package static let proxyInterfaces = Key.networks(
    "proxy_interfaces", "", example: "192.0.2.1",
    "The addresses of a router that passes connections on to this machine: mail to `user@[address]` is for here, as with inet_interfaces.")

  package static let recipientDelimiter = Key.text(
    "recipient_delimiter", "", .anywhere, example: "+",
    "The characters, any of which ends the user's name in an address: with `+`, `alice+news` is alice's.")
}
