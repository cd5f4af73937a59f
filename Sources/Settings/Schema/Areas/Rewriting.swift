// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let rewriting = Area(
    "Rewriting", "What addresses are turned into when a message comes in, before aliases. docs/routing.md has an example.",
    [
      Keys.canonicalMaps, Keys.senderCanonicalMaps, Keys.recipientCanonicalMaps, Keys.canonicalClasses, Keys.senderCanonicalClasses,
      Keys.recipientCanonicalClasses, Keys.masqueradeDomains, Keys.masqueradeClasses, Keys.masqueradeExceptions, Keys.remoteHeaderRewriteDomain,
    ])
}

extension Keys {
  private static let places = ["envelope_sender", "envelope_recipient", "header_sender", "header_recipient"]

  package static let canonicalMaps = Key.tables(
    "canonical_maps", "", example: "inline:{ ann@example.com = Ann.Autumn@example.com }",
    """
    Replaces addresses in envelopes, and in the headers that local_header_rewrite_clients speaks of: `user+extension@domain`, `user@domain`, `user` (in \
    myorigin, mydestination and our own addresses) and `@domain` are looked up. After the tables for senders and recipients alone.
    """)

  package static let senderCanonicalMaps = Key.tables(
    "sender_canonical_maps", "", example: "inline:{ ann@example.com = Ann.Autumn@example.com }", "The same for senders alone.")

  package static let recipientCanonicalMaps = Key.tables(
    "recipient_canonical_maps", "", example: "inline:{ Ann.Autumn@example.com = ann@example.com }", "The same for recipients alone.")

  package static let canonicalClasses = Key.choices(
    "canonical_classes", "envelope_sender, envelope_recipient, header_sender, header_recipient", of: places,
    example: "envelope_sender, header_sender",
    "Which addresses canonical_maps is asked for.")

  package static let senderCanonicalClasses = Key.choices(
    "sender_canonical_classes", "envelope_sender, header_sender", of: ["envelope_sender", "header_sender"], example: "envelope_sender",
    "Which addresses sender_canonical_maps is asked for.")

  package static let recipientCanonicalClasses = Key.choices(
    "recipient_canonical_classes", "envelope_recipient, header_recipient", of: ["envelope_recipient", "header_recipient"],
    example: "envelope_recipient", "Which addresses recipient_canonical_maps is asked for.")

  package static let masqueradeDomains = Key.words(
    "masquerade_domains", "", example: "example.com",
    """
    Addresses below one of these domains get the domain itself: `user@host.example.com` becomes `user@example.com`. The first that matches counts; with `!` before \
    it, addresses below stay.
    """)

  package static let masqueradeClasses = Key.choices(
    "masquerade_classes", "envelope_sender, header_sender, header_recipient", of: places, example: "header_sender",
    "Which addresses masquerade_domains counts for.")

  package static let masqueradeExceptions = Key.commands(
    "masquerade_exceptions", "", example: "root, daemon", "Users whose addresses masquerade_domains leaves alone, by name or in tables.")

  package static let remoteHeaderRewriteDomain = Key.text(
    "remote_header_rewrite_domain", "", .anywhere, example: "domain.invalid",
    """
    Completes addresses in the headers of clients that are not in local_header_rewrite_clients, and lets canonical_maps and masquerade_domains into them. Empty: \
    their headers stay as they are.
    """)
}
