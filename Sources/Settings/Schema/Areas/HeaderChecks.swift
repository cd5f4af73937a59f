// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let headerChecks = Area(
    "Header checks", "Rules about header lines, by header_checks(5); docs/header_checks.md has examples.",
    [Keys.headerChecks, Keys.mimeHeaderChecks, Keys.nestedHeaderChecks, Keys.headerSizeLimit])
}

extension Keys {
  package static let headerChecks = Key.checks(
    "header_checks", "", .header, example: "regexp:/etc/weir/header_checks",
    """
    Tables that each line of a message's header is looked up in: the first rule that matches says what becomes of the line or the message. A folded line is \
    one line. Set, it makes a stage `header_checks`, the first of all; a block `stage header_checks { }` gives it another place or other options.
    """)

  package static let mimeHeaderChecks = Key.checks(
    "mime_header_checks", "$header_checks", .header, example: "regexp:/etc/weir/mime_header_checks",
    "The same for the fields of MIME, `Content-…` and `MIME-Version`, wherever in the message they are.")

  package static let nestedHeaderChecks = Key.checks(
    "nested_header_checks", "$header_checks", .header, example: "regexp:/etc/weir/nested_header_checks",
    "The same for the headers of attached messages, but for the fields of MIME.")

  package static let headerSizeLimit = Key.integer(
    "header_size_limit", 102_400, in: 0...(1 << 24), example: "204800",
    "Of a longer header line the rules see no more than these bytes. The message itself is not changed, while Postfix cuts the line. 0 is no limit.")
}
