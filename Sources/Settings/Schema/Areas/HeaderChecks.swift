// SPDX-License-Identifier: Apache-2.0

extension Area {
  static let headerChecks = Area(
    "Header and body checks", "Rules about lines of messages, by header_checks(5); docs/header_checks.md has examples.",
    [Keys.headerChecks, Keys.mimeHeaderChecks, Keys.nestedHeaderChecks, Keys.headerSizeLimit, Keys.bodyChecks, Keys.bodyChecksSizeLimit])
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

  package static let bodyChecks = Key.checks(
    "body_checks", "", .body, example: "regexp:/etc/weir/body_checks",
    """
    Tables that each line of a message's text is looked up in: of all its parts, and of attached messages. A line longer than 2048 bytes is looked up in pieces, \
    and lines come as they were sent, base64 as base64. Set, it makes a stage `body_checks` behind `header_checks`; a block `stage body_checks { }` gives it \
    another place or other options.
    """)

  package static let bodyChecksSizeLimit = Key.integer(
    "body_checks_size_limit", 51_200, in: 0...(1 << 30), example: "1048576",
    "body_checks looks at so many bytes of each part of a message, and no further. 0 is no limit.")
}
