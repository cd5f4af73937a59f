// SPDX-License-Identifier: Apache-2.0
import Pipeline

/// What a stage did, in lines. A component that sets its properties `rule` and `matched` before it decides or edits has told why.
struct StageStory {
  private let ruleKey: String
  private let matchedKey: String
  private let toldKey: String
  private let setsProperties: Bool
  /// Nothing that stands in the message is told.
  private let hidesText: Bool
  private var lines: [(rule: String, text: String, isOfHeader: Bool)] = []
  private var rules: [String] = []
  private var rule: String { rules.last ?? "" }
  private(set) var matched = ""
  private var isRuleUsed = true

  private static let maximumLines = 200
  private static let maximumRules = 20
  private static let maximumText = 500

  init(component: String, setsProperties: Bool, hidesText: Bool) {
    ruleKey = "\(component).rule"
    matchedKey = "\(component).matched"
    toldKey = "\(component).told"
    self.setsProperties = setsProperties
    self.hidesText = hidesText
  }

  mutating func tell(_ edit: StageEdit) {
    guard case .property(_, let key, let value) = edit else { return add(hidesText ? edit.kindName : edit.summary, isOfHeader: edit.isOfHeader) }
    switch key {
    case ruleKey:
      if !isRuleUsed { add("matched \(matched)") }
      rules.removeAll { $0 == Self.text(value) }
      if rules.count < Self.maximumRules { rules.append(Self.text(value)) }
      isRuleUsed = false
    case matchedKey: matched = hidesText ? "" : Self.text(value)
    case toldKey: break
    default: if setsProperties { add(edit.summary) }
    }
  }

  /// The header, line by line.
  mutating func compare(_ before: [UInt8], _ after: [UInt8]) {
    guard before != after else { return }
    lines.removeAll(where: \.isOfHeader)
    let (old, new) = (Self.lines(before), Self.lines(after))
    guard max(old.count, new.count) <= 2000 else { return add("the header has changed") }
    for change in new.difference(from: old) {
      switch change {
      case .remove(_, let line, _): addPlain("- \(line)")
      case .insert(_, let line, _): addPlain("+ \(line)")
      }
    }
  }

  private static func lines(_ bytes: [UInt8]) -> [String] {
    bytes.split(separator: 0x0a).map { String(decoding: $0.prefix(maximumText), as: UTF8.self) }
  }

  private mutating func add(_ text: String, isOfHeader: Bool = false) {
    isRuleUsed = true
    if lines.count < Self.maximumLines { lines.append((rule, String(text.prefix(Self.maximumText)), isOfHeader)) }
  }

  private mutating func addPlain(_ text: String) {
    if lines.count < Self.maximumLines { lines.append(("", text, false)) }
  }

  private static func text(_ value: [UInt8]) -> String { String(decoding: value.prefix(maximumText), as: UTF8.self) }

  /// A line each; with the rule where there are several.
  var text: String {
    lines.map { rules.count < 2 || $0.rule.isEmpty ? $0.text : "\($0.text)  (\($0.rule))" }.joined(separator: "\n")
  }

  /// All that had an effect, the one that decided last.
  var allRules: String { rules.joined(separator: ", ") }
}
