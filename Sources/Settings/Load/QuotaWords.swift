// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Dovecot's ways to write of quotas: `plugin { quota_rule2 = … }`, `quota "User quota" { storage_size = … }`.
extension Section {
  /// With all of them as settings of the top level.
  func withQuotasAsSettings(_ diagnostics: inout [Diagnostic]) -> Section {
    var reader = QuotaReader()
    for entry in entries { reader.read(entry) }
    reader.addRules()
    diagnostics += reader.diagnostics
    return reader.section
  }
}

/// How the words of both versions of Dovecot are one.
package enum QuotaWords {
  /// `quota_rule`, `quota_rule2` and so on, which are one list here.
  package static func isRule(_ name: String) -> Bool { name.hasPrefix("quota_rule") && name.dropFirst(10).utf8.allSatisfy(\.isDigit) }

  /// The name and the value as Weir has them.
  package static func plain(_ name: String, _ value: String) -> (name: String, value: String) {
    let isUnlimited = value == "unlimited" && name.hasPrefix("quota_")
    return (renamed[name] ?? name, isUnlimited ? "0" : value)
  }

  /// A setting in a `quota` block.
  package static func inBlock(_ name: String) -> String {
    name == "driver" ? "quota_driver" : name.hasPrefix("quota_") ? name : "quota_" + name
  }

  private static let renamed = ["quota_max_mail_size": "quota_mail_size", "quota_driver": "quota"]
}

private struct QuotaReader {
  private(set) var section = Section()
  private(set) var diagnostics: [Diagnostic] = []
  private var rules: [Setting] = []
  private var root: LocatedText?

  mutating func read(_ entry: Entry) {
    switch entry {
    case .setting(let setting): add(setting)
    case .block(let block) where block.isClosed && block.kind.text == "plugin": readPlugin(block)
    case .block(let block) where block.isClosed && block.kind.text == "quota": readRoot(block)
    default: section.entries.append(entry)
    }
  }

  /// What else stands there is answered as before.
  private mutating func readPlugin(_ block: Block) {
    var rest = Section()
    for entry in block.section.entries {
      if case .setting(let setting) = entry, setting.name.text.hasPrefix("quota") { add(setting) } else { rest.entries.append(entry) }
    }
    guard !rest.entries.isEmpty || block.section.entries.isEmpty else { return }
    section.entries.append(.block(Block(kind: block.kind, name: block.name, section: rest, closing: block.closing)))
  }

  private mutating func readRoot(_ block: Block) {
    if let root {
      diagnostics.append(.warning(block.kind, "only one quota is kept: this one has no effect", hint: "the one in line \(root.start.line) counts"))
      return
    }
    root = block.kind
    for setting in block.section.settings {
      add(Setting(name: renamed(setting.name, QuotaWords.inBlock(setting.name.text)), rawValue: setting.rawValue, dialect: setting.dialect))
    }
    for inner in block.section.blocks { answer(inner) }
  }

  private mutating func answer(_ block: Block) {
    let name = "quota_\(block.kind.text)"
    let hint = "a `quota` block holds settings and `warning` blocks"
    let known = Schema.knownName(name)?.diagnostic(block.kind, value: block.name?.text ?? "")
    diagnostics.append(known ?? .error(block.kind, "unknown block `\(block.kind.text)` in a `quota` block", hint: hint))
  }

  private mutating func add(_ setting: Setting) {
    let name = setting.name.text
    if QuotaWords.isRule(name) { return rules.append(setting) }
    let value = setting.isDovecotValue ? DovecotValue(setting.rawValue).text : setting.rawValue
    let plain = QuotaWords.plain(name, value.text)
    guard plain != (name, value.text) else { return section.entries.append(.setting(setting)) }
    let written = plain.value == value.text ? setting.rawValue : renamed(value, plain.value)
    section.entries.append(.setting(Setting(name: renamed(setting.name, plain.name), rawValue: written, dialect: setting.dialect)))
  }

  /// All rules as one list, in the order of their first appearance; the last of a name counts.
  mutating func addRules() {
    var last: [Setting] = []
    for rule in rules {
      guard let index = last.firstIndex(where: { $0.name.text == rule.name.text }) else {
        last.append(rule)
        continue
      }
      let line = last[index].name.start.line
      diagnostics.append(
        .warning(rule.name, "`\(rule.name.text)` is set twice; this one overrides line \(line)", hint: "remove one of the two lines"))
      last[index] = rule
    }
    guard let first = last.first else { return }
    if last.count == 1 {
      return section.entries.append(.setting(Setting(name: renamed(first.name, "quota_rule"), rawValue: first.rawValue, dialect: first.dialect)))
    }
    var list = LocatedText(at: first.name.start)
    for rule in last {
      if !list.isEmpty { list.append(Array(", ".utf8), standingFor: rule.name.start) }
      list.append(rule.isDovecotValue ? DovecotValue(rule.rawValue).text : rule.rawValue)
    }
    section.entries.append(.setting(Setting(name: renamed(first.name, "quota_rule"), rawValue: list, dialect: .postfix)))
  }

  private func renamed(_ text: LocatedText, _ name: String) -> LocatedText {
    if text.text == name { return text }
    var other = LocatedText(at: text.start)
    other.append(Array(name.utf8), standingFor: text.start)
    return other
  }
}
