// SPDX-License-Identifier: Apache-2.0
import Settings

/// Quotas stand at the top level of weir.conf, wherever Dovecot had them.
enum DovecotQuotas {
  /// The name that a setting has there; nil if it is not about quotas. `outer` are the kinds of the blocks around it.
  static func topLevelName(_ name: String, inside outer: [String]) -> String? {
    switch outer {
    case []: QuotaWords.isRule(name) || QuotaWords.plain(name, "").name != name ? name : nil
    case ["plugin"]: name.hasPrefix("quota") ? name : nil
    case ["quota"]: QuotaWords.inBlock(name)
    default: nil
    }
  }

  /// What becomes of the block itself and of its end.
  static func fate(ofBlock outer: [String]) -> DovecotFate? {
    switch outer {
    case ["plugin"]: .translated("what it says of quotas stands at the top level of weir.conf; the rest is told line by line")
    case ["quota"]: .translated("its settings stand at the top level of weir.conf")
    default: nil
    }
  }

  /// The one setting of a block that is one line.
  static func inner(_ whole: String, _ kind: String, _ outer: [String]) -> (name: String, value: String)? {
    guard outer.isEmpty, fate(ofBlock: [kind]) != nil, let open = whole.firstIndex(of: "{"), let close = whole.lastIndex(of: "}"), open < close
    else { return nil }
    guard case .setting(let name, let value) = DovecotLine(whole[whole.index(after: open)..<close].trimmed) else { return nil }
    return (name, value)
  }

  /// Dovecot's answer to Postfix, which asks it about each recipient.
  static let statusService = "service quota-status"
  static let statusAdvice = "Take its check_policy_service out of the restrictions when Dovecot does not run any more"
}

extension Importer {
  /// True if the setting was about quotas.
  mutating func importQuota(_ name: String, _ value: String, _ text: String, _ path: String, _ lines: ClosedRange<Int>, _ outer: [String]) -> Bool {
    guard let own = DovecotQuotas.topLevelName(name, inside: outer) else { return false }
    let plain = QuotaWords.plain(own, value)
    if QuotaWords.isRule(own) {
      addRule(own, plain.value, text, path, lines, isInBlock: !outer.isEmpty)
    } else if Schema.definition(plain.name)?.origin == .dovecot {
      let isSame = outer.isEmpty && plain == (name, value)
      let item =
        isSame
        ? ledger.add(path, lines, text, .kept) : ledger.add(path, lines, text, .translated, "\(plain.name) = \(plain.value)")
      draft.add(DraftLine(name: plain.name, value: plain.value, comments: [], item: item))
    } else {
      add(path, lines, text, DovecotFate(own, value))
    }
    return true
  }

  /// All rules are one list.
  private mutating func addRule(_ name: String, _ value: String, _ text: String, _ path: String, _ lines: ClosedRange<Int>, isInBlock: Bool) {
    let earlier = draft.lines.first { $0.name == "quota_rule" }
    let list = earlier.map { "\($0.value), \(value)" } ?? value
    let isSame = earlier == nil && name == "quota_rule" && !isInBlock
    let note = earlier == nil ? "quota_rule = \(value)" : "`\(value)` is one of the rules of quota_rule"
    let item = isSame ? ledger.add(path, lines, text, .kept) : ledger.add(path, lines, text, .translated, note)
    draft.add(DraftLine(name: "quota_rule", value: list, comments: [], item: earlier?.item ?? item))
  }
}
