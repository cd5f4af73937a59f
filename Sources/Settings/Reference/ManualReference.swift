// SPDX-License-Identifier: Apache-2.0

/// docs/man/weir.conf.5, in man(7)'s language.
package struct ManualReference {
  package init() {}

  package var text: String {
    Self.introduction + Schema.areas.map(Self.area).joined() + Self.ending
  }

  private static let introduction = #"""
    .\" Made from Sources/Settings/Schema by `make docs`; edit there.
    .TH WEIR.CONF 5 "" Weir "File formats"
    .SH NAME
    weir.conf \- configuration of the Weir mail server
    .SH DESCRIPTION
    The words are those of Postfix and Dovecot.
    At the top level a setting is
    .IR "name" " = " "value" ,
    a line that starts with white space continues the one before it, and
    .B #
    starts a comment only as the first character of a line.
    Inside the braces of a block each line is one setting, and
    .B #
    starts a comment anywhere outside quotes.
    .PP
    .BR $name ", " ${name} " and " $(name)
    stand for the value of another setting,
    .BI ${name? text }
    for the text if that value is not empty,
    .BI ${name: text }
    for the text if it is.
    .BI "include " file
    reads another file in its place.
    .PP
    A duration is a number and
    .BR ms ", " s ", " m ", " h ", " d " or " w ;
    a number of bytes may end in
    .BR K ", " M " or " G ;
    the elements of a list are apart by commas or blanks;
    a table is
    .IB type : name
    with the types hash, texthash, cidr, regexp, pcre, inline, static and unix.
    .PP
    .B weir check
    tells all that is wrong with the file,
    .B weir config
    the values that count.

    """#

  private static let ending = #"""
    .SH SEE ALSO
    .BR weir (8),
    docs/configuration.md

    """#

  private static func area(_ area: Area) -> String {
    ".SH \(escaped(area.title.uppercased()))\n" + paragraph(area.introduction) + area.definitions.map(setting).joined()
  }

  private static func setting(_ definition: Definition) -> String {
    let value = escaped(definition.shownDefault)
    let notes = escaped("(\(([definition.type.title] + definition.notes).joined(separator: "; ")))")
    return ".TP\n.BR \(definition.name) \" (default: \(value.replacing("\"", with: "\\(dq")))\"\n" + paragraph(definition.paragraph)
      + ".br\n\(notes)\n"
  }

  private static func paragraph(_ text: String) -> String {
    text.wrapped(100).map { escaped($0) + "\n" }.joined()
  }

  /// A backslash, a hyphen that must stay one, and a dot or quote at the start of a line mean something to man(7).
  private static func escaped(_ text: String) -> String {
    let plain = text.replacing("`", with: "").replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
  }
}
