// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Dovecot 2.4 writes lists in braces: `smtpd_discard_ehlo_keywords { chunking = yes }`.
extension Section {
  /// With each block that is named like a list in its place as a setting.
  func withListsAsSettings(_ diagnostics: inout [Diagnostic]) -> Section {
    var section = Section()
    for entry in entries {
      guard case .block(let block) = entry else {
        section.entries.append(entry)
        continue
      }
      if block.isList, let list = block.list(&diagnostics) {
        section.entries.append(.setting(list))
      } else if block.kind.text == "listener" || block.kind.text == "protocol" {
        let inner = block.section.withListsAsSettings(&diagnostics)
        section.entries.append(.block(Block(kind: block.kind, name: block.name, section: inner, closing: block.closing)))
      } else {
        section.entries.append(entry)
      }
    }
    return section
  }
}

extension Block {
  fileprivate var isList: Bool { name == nil && isClosed && section.blocks.isEmpty && Schema.anyDefinition(kind.text)?.type.isList == true }

  fileprivate func list(_ diagnostics: inout [Diagnostic]) -> Setting? {
    var value = LocatedText(at: kind.start)
    for setting in section.settings {
      let word = DovecotValue(setting.rawValue).text
      if word.text != "yes", word.text != "no" {
        diagnostics.append(.error(word, "expected `yes` or `no`, not `\(word.text)`", hint: "in this list each line is `element = yes`"))
      }
      guard word.text == "yes" else { continue }
      if !value.isEmpty { value.append([UInt8(ascii: ","), UInt8(ascii: " ")], standingFor: setting.name.start) }
      value.append(setting.name)
    }
    return Setting(name: kind, rawValue: value, dialect: .dovecot)
  }
}

extension ValueType {
  /// Whether values are elements apart by commas or blanks.
  fileprivate var isList: Bool {
    switch self {
    case .words, .choices, .networks, .domains, .interfaces, .tables: true
    default: false
    }
  }
}
