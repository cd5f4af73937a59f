// SPDX-License-Identifier: Apache-2.0

/// The language of weir.conf for people: one text, which each page of reference puts in its own dress. Words in backticks are literal.
struct LanguageReference {
  enum Element {
    case paragraph(String)
    case example(String)
    case items([String])
    /// What it is about, and the text.
    case terms([(String, String)])
  }

  let title: String
  let elements: [Element]

  static let sections = [syntax, blocks, expansion, values, lists, tables, foreign]

  private static let syntax = LanguageReference(
    title: "Syntax",
    elements: [
      .example(
        """
        # A comment has a line of its own.
        myhostname = mail.example.com
        mydestination = $myhostname, localhost,
            example.com

        listener submission {
          port = 587                          # inside braces a comment may stand anywhere
          smtpd_tls_security_level = encrypt
        }

        include conf.d/*.conf
        """),
      .paragraph("At the top level, Postfix's rules:"),
      .items([
        "A setting is `name = value`, with or without blanks around the `=`. Blanks at the end of the value are dropped.",
        "A line that starts with white space continues the one before it. Comments and empty lines in between do not matter.",
        "`#` starts a comment only as the first character of a line.",
        "A name that is set twice has the last value, and there is a warning.",
      ]),
      .paragraph("Inside braces, and for the settings whose name is Dovecot's, Dovecot's rules:"),
      .items([
        "A setting, a block or a `}` on each line; white space at the start of a line means nothing.",
        "`#` starts a comment anywhere, except in quotes. A value with blanks at its ends or a `#` in it stands in `\"…\"` or `'…'`.",
        "A `\\` at the end of a line joins the next one.",
        "`name = <file` takes what the file holds as the value. A setting that names a file has the path itself, with no `<`.",
      ]),
      .paragraph(
        """
        `include FILE` reads another file in this place; `!include` and `!include_try` are the same in Dovecot's words, the latter without an \
        error if there is none. FILE is relative to the file that names it and may be a pattern such as `conf.d/*.conf`.
        """),
      .paragraph("`weir check` tells all that is wrong at once, each with its file, line and column, and what was probably meant."),
    ])

  private static let blocks = LanguageReference(
    title: "Blocks",
    elements: [
      .terms([
        (
          "listener NAME { }",
          "opens a port. Settings in it count for that listener alone, as `-o` does in Postfix's master.cf; those of the top level count for all."
        ),
        ("protocol smtp { }, protocol lmtp { }", "holds settings for all listeners of that protocol, below those of a listener's own block."),
        (
          "stage NAME { }",
          "has a plugin look at mail, in the place where it stands among the others: `plugin`, `mode`, `on_failure`, `timeout`, `shadow`, `when`, `listener`; the rest are the plugin's options. docs/stages.md."
        ),
        (
          "name { element = yes }",
          "is a list, as Dovecot 2.4 writes it: the same as `name = element`. An element with `no` is left out."
        ),
      ]),
      .paragraph(
        "Dovecot's other blocks (`service`, `passdb`, `userdb`, `namespace` and so on, of 2.3 and 2.4) are known by name and say what to do instead."),
    ])

  private static let expansion = LanguageReference(
    title: "References",
    elements: [
      .terms([
        ("$name, ${name}, $(name)", "is the value of another setting, wherever in the file that is."),
        ("$$", "is a `$`."),
        ("${name?text}", "is the text if that value is not empty, `${name:text}` if it is; `${name?{text}:{text}}` chooses."),
        (
          "${{$a}=={$b}?{text}:{text}}",
          "compares, with `==`, `!=`, `<`, `<=`, `>` or `>=`: as numbers if both are digits, else as texts. The `:{text}` may be missing."
        ),
      ]),
      .paragraph(
        """
        A name that Weir does not have may be used for a value of your own, if some other value refers to it or smtpd_restriction_classes names it. \
        In a block, `$name` is the value as that listener has it; in a setting's own value it is the one outside of the block.
        """),
    ])

  private static let values = LanguageReference(
    title: "Values",
    elements: [
      .terms([
        ("durations", "are a number and `us`, `ms`, `s`, `m`, `h`, `d` or `w`; each setting tells what a bare number counts in."),
        ("numbers of bytes", "are a number, perhaps with `K`, `M` or `G` after it (1024 each)."),
        ("yes or no", "in these words."),
        ("paths", "are absolute, unless the setting says what they are relative to."),
      ])
    ])

  private static let lists = LanguageReference(
    title: "Lists",
    elements: [
      .items([
        "Elements are apart by commas, blanks or both. What stands in `{ }` is one element, with the blanks and commas in it.",
        "Networks are `10.0.0.0/8` or one address; IPv6 stands in brackets: `[2001:db8::]/32`.",
        "In lists of networks and domains the first element that matches decides. `!` before an element means that what matches it is not in the list.",
        "An element that is an absolute path stands for the elements in that file: in lines, with comments. `!/path` excludes all of them.",
        "An element `type:name` is a table: what it has as a key is in the list.",
        "In lists of domains `.example.com` stands for every name below it.",
      ])
    ])

  private static let tables = LanguageReference(
    title: "Tables",
    elements: [
      .terms([
        (
          "hash:/path, texthash:/path",
          """
          is a text file of `key value` lines; btree, lmdb, cdb and dbm mean the same. Weir reads the text that `postmap` is given, never what it makes: \
          there is no `postmap` to run.
          """
        ),
        ("inline:{ key = value, … }", "has its keys in the setting itself. `{ key = value, with blanks }` is one entry."),
        ("static:value", "has the one value for every key."),
        ("unix:passwd.byname", "is the users of the system."),
        (
          "cidr:/path",
          "is rules `network value` of which the first that matches counts."
        ),
        (
          "regexp:/path, pcre:/path",
          "is rules `/pattern/ value` of which the first that matches counts; in the value `$1` is what the first group matched."
        ),
      ]),
      .paragraph(
        """
        Rules can stand in the setting too: `pcre:{ {rule}, {rule} }`. `proxy:` before a table is accepted and means nothing; `lenient:` before it makes \
        errors in its rules warnings, as they are in Postfix.
        """),
    ])

  private static let foreign = LanguageReference(
    title: "Settings of Postfix and Dovecot",
    elements: [
      .paragraph(
        """
        Every setting of Postfix 3.7 and later and of Dovecot 2.3 and 2.4 is either one of Weir's, with the same meaning, or known by name: \
        `weir check` then says what it did and what to use instead. Without some of them mail would not be treated as their author expects: they are \
        errors. The others make no difference here: there is a warning. `weir config NAME` says the same of one name.
        """)
    ])
}

extension LanguageReference {
  /// A section of docs/configuration.md.
  var markdown: String { "### \(title)\n\n" + elements.map(Self.markdown).joined(separator: "\n") }

  private static func markdown(_ element: Element) -> String {
    switch element {
    case .paragraph(let text): text.wrapped(140).map { $0 + "\n" }.joined()
    case .example(let text): "```\n\(text)\n```\n"
    case .items(let texts): texts.map { bullet($0) }.joined()
    case .terms(let terms): terms.map { bullet("`\($0.0)` \($0.1)") }.joined()
    }
  }

  private static func bullet(_ text: String) -> String {
    let lines = text.wrapped(138)
    return "- " + lines.joined(separator: "\n  ") + "\n"
  }

  /// A section of weir.conf(5).
  var manual: String { ".SH \(title.uppercased())\n" + elements.map(Self.manual).joined() }

  private static func manual(_ element: Element) -> String {
    switch element {
    case .paragraph(let text): ".PP\n" + lines(text)
    case .example(let text):
      ".PP\n.nf\n.RS 4\n" + text.split(separator: "\n", omittingEmptySubsequences: false).map { ManualText.escaped(String($0)) + "\n" }.joined()
        + ".RE\n.fi\n"
    case .items(let texts): texts.map { ".IP \\(bu 2\n" + lines($0) }.joined()
    case .terms(let terms): terms.map { ".TP\n.B \"\(ManualText.quoted($0.0))\"\n" + lines($0.1) }.joined()
    }
  }

  private static func lines(_ text: String) -> String { text.wrapped(100).map { ManualText.marked($0) + "\n" }.joined() }
}

/// Text in man(7)'s language.
enum ManualText {
  /// A backslash, a hyphen that must stay one, and a dot or quote at the start of a line mean something to man(7).
  static func escaped(_ text: String) -> String {
    let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }

  /// Without the backticks around literal words.
  static func plain(_ text: String) -> String { escaped(text.replacing("`", with: "")) }

  /// As an argument in quotes.
  static func quoted(_ text: String) -> String { escaped(text).replacing("\"", with: "\\(dq") }

  /// With what is in backticks in bold type. An odd one, whose pair is on another line, is dropped.
  static func marked(_ line: String) -> String {
    let parts = line.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    guard parts.count % 2 == 1 else { return plain(line) }
    let text = parts.enumerated().map { $0.offset % 2 == 1 ? "\\fB\(escaped($0.element))\\fP" : escapedInside($0.element) }.joined()
    return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&" + text : text
  }

  private static func escapedInside(_ text: String) -> String { text.replacing("\\", with: "\\e").replacing("-", with: "\\-") }
}
