// SPDX-License-Identifier: Apache-2.0

/// conf/weir.conf.reference: every setting with its default, as a comment that can be taken off.
package struct SampleReference {
  package init() {}

  package var text: String {
    Self.introduction + Schema.areas.map(Self.area).joined()
  }

  private static let introduction = """
    # weir.conf.reference: every setting with its default. Copy what you change to weir.conf; this file is not read.
    # Made from Sources/Settings/Schema by `make docs`; edit there.

    """

  private static func area(_ area: Area) -> String {
    let isBlock = area.definitions.contains { $0.place == .listener }
    let head = "\n\n# " + String(repeating: "=", count: 78) + "\n# \(area.title)\n" + comment(area.introduction)
    let settings = area.definitions.map { setting($0, isInBlock: isBlock) }.joined()
    return head + (isBlock ? "\n#listener smtp {\(settings)#}\n" : settings)
  }

  private static func setting(_ definition: Definition, isInBlock: Bool) -> String {
    let notes = "(\(([definition.type.title] + definition.notes).joined(separator: "; ")))"
    let value = definition.computedDefault.map { "(\($0))" } ?? definition.defaultText
    let line = "#\(isInBlock ? "  " : "")\(definition.name) =\(value.isEmpty ? "" : " " + value)\n"
    return "\n" + comment(definition.paragraph) + comment(notes) + line
  }

  private static func comment(_ text: String) -> String {
    text.wrapped(110).map { "# \($0)\n" }.joined()
  }
}
