// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What a configuration text says, before anyone asks what it means: settings and blocks in the order they were written, includes put in place.
package struct Section: Sendable {
  package var entries: [Entry] = []

  package var settings: [Setting] {
    entries.compactMap { if case .setting(let setting) = $0 { setting } else { nil } }
  }

  package var blocks: [Block] {
    entries.compactMap { if case .block(let block) = $0 { block } else { nil } }
  }

  /// `value` is what it says, and refers to nothing.
  mutating func replace(_ name: String, with value: String, from source: String) {
    entries.removeAll { if case .setting(let setting) = $0 { setting.name.text == name } else { false } }
    let text = LocatedText(name: source, text: value.replacing("$", with: "$$"))
    entries.append(.setting(Setting(name: LocatedText(name: source, text: name), rawValue: text, dialect: .postfix)))
  }
}

package enum Entry: Sendable {
  case setting(Setting)
  case block(Block)
}

/// Whose rules a line follows: Postfix's at the top level, Dovecot's in braces.
package enum Dialect: Sendable { case postfix, dovecot }

/// `name = value`
package struct Setting: Sendable {
  package let name: LocatedText
  /// As written, without the blanks around it: not unquoted, not expanded, a comment after it not taken off.
  package let rawValue: LocatedText
  package let dialect: Dialect
}

/// `kind name { … }`
package struct Block: Sendable {
  package let kind: LocatedText
  package let name: LocatedText?
  package let section: Section
  /// The brace that closes it; nil if that is missing, and what is inside may then belong elsewhere.
  package let closing: SourceLocation?

  package var isClosed: Bool { closing != nil }
}
