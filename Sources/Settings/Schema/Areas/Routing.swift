// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let routing = Area(
    "Routing",
    """
    Where mail goes next: `transport:nexthop`. Transports are `local`, `virtual`, `smtp`, `relay`, `lmtp`, `error`, `retry`, `discard`, and those of \
    `transport NAME { }` blocks. docs/routing.md tells how the choice is made.
    """,
    [
      Keys.transportMaps, Keys.relayhost, Keys.senderDependentRelayhostMaps, Keys.emptyAddressRelayhostMapsLookupKey, Keys.localTransport,
      Keys.virtualTransport, Keys.relayTransport, Keys.defaultTransport, Keys.senderDependentDefaultTransportMaps,
      Keys.emptyAddressDefaultTransportMapsLookupKey, Keys.mailboxTransport, Keys.mailboxTransportMaps, Keys.fallbackTransport,
      Keys.fallbackTransportMaps, Keys.emptyAddressRecipient, Keys.relocatedMaps, Keys.contentFilter, Keys.defaultFilterNexthop,
    ])
}

extension Keys {
  package static let transportMaps = Key.tables(
    "transport_maps", "", example: "hash:/etc/weir/transport",
    """
    `transport:nexthop` for recipients and domains. `user+extension@domain`, `user@domain`, `domain`, `.parent` and `*` are looked up in this order. Without a \
    transport before the colon the one is kept that there would be without the table; without a next hop behind it, that is the recipient's domain.
    """)

  package static let relayhost = Key.text(
    "relayhost", "", example: "[smtp.example.net]:587",
    "The server to which all mail for other servers goes: a domain, whose MX hosts are looked up, or a host in brackets; both with or without a port."
  )

  package static let senderDependentRelayhostMaps = Key.tables(
    "sender_dependent_relayhost_maps", "", example: "hash:/etc/weir/relayhosts",
    "Instead of relayhost, by the sender: `user+extension@domain`, `user@domain` and `@domain` are looked up. `DUNNO` stands for relayhost.")

  package static let emptyAddressRelayhostMapsLookupKey = Key.text(
    "empty_address_relayhost_maps_lookup_key", "<>", example: "null@example.com",
    "What the empty sender is looked up by in sender_dependent_relayhost_maps.")

  package static let relayTransport = Key.text(
    "relay_transport", "relay", example: "relay:[inside.example.com]", "How mail for relay_domains leaves: a transport, or `transport:nexthop`.")

  package static let defaultTransport = Key.text(
    "default_transport", "smtp", example: "smtp:[smtp.example.net]", "How mail leaves that no other setting speaks of.")

  package static let localTransport = Key.text(
    "local_transport", "local:$myhostname", example: "error:5.1.1 no mailboxes here",
    """
    How mail for the domains of mydestination is delivered: `local` knows aliases, .forward files and mailboxes. `error:` is followed by what to tell the \
    sender, with or without a status before it, where there are no such mailboxes.
    """)

  package static let virtualTransport = Key.text(
    "virtual_transport", "virtual", example: "lmtp:unix:private/dovecot-lmtp",
    """
    How mail for virtual_mailbox_domains is delivered: `virtual` writes to the mailboxes of virtual_mailbox_maps. A relative path after `unix:` is one below \
    queue_directory.
    """)

  package static let senderDependentDefaultTransportMaps = Key.tables(
    "sender_dependent_default_transport_maps", "", example: "hash:/etc/weir/sender_transport",
    "Instead of default_transport, by the sender, looked up as in sender_dependent_relayhost_maps. `DUNNO` stands for default_transport.")

  package static let emptyAddressDefaultTransportMapsLookupKey = Key.text(
    "empty_address_default_transport_maps_lookup_key", "<>", example: "null@example.com",
    "What the empty sender is looked up by in sender_dependent_default_transport_maps.")

  package static let mailboxTransport = Key.text(
    "mailbox_transport", "", example: "lmtp:unix:private/dovecot-lmtp",
    "How mail for all users of mydestination is delivered, after aliases and .forward files: for users too that the system does not know.")

  package static let mailboxTransportMaps = Key.tables(
    "mailbox_transport_maps", "", example: "hash:/etc/weir/mailbox_transport", "The same by user; found nothing, mailbox_transport counts.")

  package static let fallbackTransport = Key.text(
    "fallback_transport", "", example: "lmtp:unix:private/dovecot-lmtp",
    "How mail for users of mydestination is delivered that are neither in alias_maps nor known to the system.")

  package static let fallbackTransportMaps = Key.tables(
    "fallback_transport_maps", "", example: "hash:/etc/weir/fallback_transport", "The same by user; found nothing, fallback_transport counts.")

  package static let emptyAddressRecipient = Key.text(
    "empty_address_recipient", "MAILER-DAEMON", example: "postmaster", "The user who gets mail for the empty recipient.")

  package static let relocatedMaps = Key.tables(
    "relocated_maps", "", example: "hash:/etc/weir/relocated",
    "The new address of users who have moved, which senders are told. `user+extension@domain`, `user@domain`, `user` (ours) and `@domain` are looked up."
  )

  package static let contentFilter = Key.text(
    "content_filter", "", .anywhere, example: "smtp:[127.0.0.1]:10025",
    """
    Where all mail that comes in goes first, whoever it is for: `transport:nexthop`. The filter there hands it back to a listener whose own content_filter is empty. The \
    action FILTER says it for single messages. docs/content-filters.md has examples.
    """)

  package static let defaultFilterNexthop = Key.text(
    "default_filter_nexthop", "", example: "[127.0.0.1]:10025",
    "The next hop for `content_filter = transport:` and `FILTER transport:`, which name none; empty: the domain of the recipient.")
}
