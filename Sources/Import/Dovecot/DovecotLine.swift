// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings

/// What one line of a Dovecot file is.
enum DovecotLine {
  case setting(name: String, value: String)
  case open(kind: String, name: String, rest: String)
  /// `mailbox Drafts { special_use = \Drafts }`
  case whole(kind: String, text: String)
  case close
  case include(pattern: String, mustExist: Bool)
  case nonsense

  init(_ text: String) {
    let word = String(text.prefix { !$0.isWhitespace })
    if text.hasPrefix("}") {
      self = .close
    } else if word == "!include" || word == "!include_try" {
      let pattern = DovecotValue(LocatedText(name: "", text: String(text.dropFirst(word.count)).trimmed)).text.text
      self = .include(pattern: pattern, mustExist: word == "!include")
    } else if let block = Self.block(text) {
      self = block
    } else if let (name, value) = text.assignment, !name.isEmpty, !name.contains(where: \.isWhitespace) {
      self = .setting(name: name, value: DovecotValue(LocatedText(name: "", text: value)).text.text)
    } else {
      self = .nonsense
    }
  }

  /// A brace before any `=`, `#` or quote that is left open.
  private static func block(_ text: String) -> DovecotLine? {
    var isQuoted = false
    for index in text.indices {
      let character = text[index]
      if character == "\"" { isQuoted.toggle() }
      if isQuoted { continue }
      if character == "=" || character == "#" { return nil }
      if character == "{" { return block(head: text[..<index].trimmed, rest: text[text.index(after: index)...].trimmed) }
    }
    return nil
  }

  private static func block(head: String, rest: String) -> DovecotLine {
    let kind = String(head.prefix { !$0.isWhitespace })
    let code = rest.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first.map { $0.trimmed } ?? ""
    if code.hasSuffix("}") { return .whole(kind: kind, text: "\(head) { \(code)") }
    return .open(kind: kind, name: String(head.dropFirst(kind.count)).trimmed, rest: code)
  }
}
