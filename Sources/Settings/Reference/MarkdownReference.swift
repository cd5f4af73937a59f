// SPDX-License-Identifier: Apache-2.0

/// docs/configuration.md
package struct MarkdownReference {
  package init() {}

  package var text: String {
    ([Self.introduction, Self.language, Self.contents] + Schema.areas.map(Self.area)).joined(separator: "\n")
  }

  private static let introduction = """
    <!-- Made from Sources/Settings/Schema by `make docs`; edit there. -->
    # Configuration

    Weir reads one file, `weir.conf`. Its words are those of Postfix and Dovecot: a line of a main.cf means here what it means there.
    `weir check` reads the file and tells all that is wrong with it at once; `weir config` prints the values that count, and
    `weir config -e name=value` changes one.

    """

  private static var language: String {
    "## The language\n\n" + LanguageReference.sections.map(\.markdown).joined(separator: "\n") + "\nTables are described in [tables.md](tables.md).\n"
  }

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
