// SPDX-License-Identifier: Apache-2.0

/// docs/man/weir.conf.5, in man(7)'s language.
package struct ManualReference {
  package init() {}

  package var text: String {
    Self.introduction + LanguageReference.sections.map(\.manual).joined() + Schema.areas.map(Self.area).joined() + Self.ending
  }

  private static let introduction = #"""
    .\" Made from Sources/Settings/Schema by `make docs`; edit there.
    .TH WEIR.CONF 5 "" Weir "File formats"
    .SH NAME
    weir.conf \- configuration of the Weir mail server
    .SH DESCRIPTION
    The words are those of Postfix and Dovecot: a line of a main.cf means here what it means there.
    .B weir check
    tells all that is wrong with the file,
    .B weir config
    the values that count;
    .B weir config \-e
    .I name=value
    changes one.

    """#

  private static let ending = #"""
    .SH SEE ALSO
    .BR weir (8),
    docs/configuration.md

    """#

  private static func area(_ area: Area) -> String {
    ".SH \(ManualText.plain(area.title.uppercased()))\n" + paragraph(area.introduction) + area.definitions.map(setting).joined()
  }

  private static func setting(_ definition: Definition) -> String {
    let value = ManualText.plain(definition.shownDefault)
    let notes = ManualText.plain("(\(([definition.type.title] + definition.notes).joined(separator: "; ")))")
    return ".TP\n.BR \(definition.name) \" (default: \(value.replacing("\"", with: "\\(dq")))\"\n" + paragraph(definition.paragraph)
      + ".br\n\(notes)\n"
  }

  private static func paragraph(_ text: String) -> String {
    text.wrapped(100).map { ManualText.plain($0) + "\n" }.joined()
  }
}
