// SPDX-License-Identifier: Apache-2.0

/// docs/configuration.md
package struct MarkdownReference {
  package init() {}

  package var text: String {
    ([Self.introduction, Self.contents] + Schema.areas.map(Self.area)).joined(separator: "\n")
  }

  private static let introduction = """
    <!-- Made from Sources/Settings/Schema by `make docs`; edit there. -->
    # Configuration

    Weir reads one file, `weir.conf`. Its words are those of Postfix and Dovecot: a line of a main.cf means here what it means there.
    `weir check` reads the file and tells all that is wrong with it at once; `weir config` prints the values that count.

    ## The language

    ```
    # A comment has a line of its own.
    myhostname = mail.example.com
    mydestination = $myhostname, localhost,
        example.com

    listener submission {
      port = 587                          # inside braces a comment may stand anywhere
      smtpd_tls_security_level = encrypt
    }

    include conf.d/*.conf
    ```

    At the top level, Postfix's rules:
    - A setting is `name = value`, with or without blanks around the `=`. Blanks at the end of the value are dropped.
    - A line that starts with white space continues the one before it. Comments and empty lines in between do not matter.
    - `#` starts a comment only as the first character of a line.
    - A name that is set twice has the last value, and there is a warning.

    Inside braces, Dovecot's rules:
    - A setting, a block or a `}` on each line; white space at the start of a line means nothing.
    - `#` starts a comment anywhere, except in quotes. A value with blanks at its ends or a `#` in it stands in `"…"` or `'…'`.
    - A `\\` at the end of a line joins the next one.

    Everywhere:
    - `$name`, `${name}` and `$(name)` stand for the value of another setting, wherever in the file that is. `$$` is a `$`.
    - `${name?text}` is the text if that value is not empty, `${name:text}` if it is; `${name?{text}:{text}}` chooses.
      `${{$a}=={$b}?{text}:{text}}` compares (`==`, `!=`, `<`, `<=`, `>`, `>=`).
    - A name that Weir does not have may be used for a value of your own, if some other value refers to it.
    - `include FILE` reads another file in this place; `!include` and `!include_try` are the same in Dovecot's words, the latter without an error if
      there is none. FILE is relative to the file that names it and may be a pattern.

    Kinds of values:
    - **durations**: a number and `ms`, `s`, `m`, `h`, `d` or `w`; each setting tells what a bare number counts in.
    - **numbers of bytes**: a number, perhaps with `K`, `M` or `G` after it (1024 each).
    - **lists**: elements apart by commas or blanks; what stands in `{ }` is one element.
    - **tables**: `hash:/path` and `texthash:/path` (a text file of `key value` lines; there is no `postmap` to run), `inline:{ key = value, … }`,
      `static:value`, `unix:passwd.byname`, and rules of which the first that matches counts: `cidr:/path` (`network value`), `regexp:/path` and
      `pcre:/path` (`/pattern/ value`). Rules can stand in the setting too: `pcre:{ {rule}, {rule} }`. `proxy:` before a table is accepted and means
      nothing; `lenient:` before it makes errors in its rules warnings, as they are in Postfix. See [tables](tables.md).

    """

  private static var contents: String {
    "## Settings\n\n"
      + Schema.areas.map { "- [\($0.title)](#\(anchor($0.title))): \($0.definitions.map { "`\($0.name)`" }.joined(separator: ", "))\n" }.joined()
  }

  private static func anchor(_ title: String) -> String {
    String(title.lowercased().compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber ? $0 : nil })
  }

  private static func area(_ area: Area) -> String {
    "## \(area.title)\n\n" + area.introduction.wrapped(140).joined(separator: "\n") + "\n\n" + area.definitions.map(setting).joined(separator: "\n")
  }

  private static func setting(_ definition: Definition) -> String {
    let isWords = definition.computedDefault != nil || definition.defaultText.isEmpty
    let value = isWords ? definition.shownDefault : "`\(definition.shownDefault)`"
    return """
      ### \(definition.name)

      \(definition.type.title); default: \(value); \(definition.notes.joined(separator: "; "))

      \(definition.paragraph.wrapped(140).joined(separator: "\n"))

          \(definition.name) = \(definition.example)

      """
  }
}
