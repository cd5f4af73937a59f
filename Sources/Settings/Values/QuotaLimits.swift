// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What all the settings on quotas come to, for mail that is delivered: it goes into INBOX.
package struct QuotaLimits: Equatable, Sendable {
  /// 0 is no limit, here and below.
  package var bytes: Int64 = 0
  package var messages: Int64 = 0
  /// How far the last message may go beyond `bytes`.
  package var grace: Int64 = 0
  /// Of one message.
  package var mailSize: Int64 = 0
  /// Mailboxes that do not count, as Dovecot names them.
  package var ignored: [String] = []

  package init() {}

  /// Nil where nothing is limited.
  package static func read(_ values: SettingValues) throws(QuotaRule.Fault) -> QuotaLimits? {
    var limits = QuotaLimits()
    limits.mailSize = Int64(clamping: values[Keys.quotaMailSize].bytes)
    if values.hasQuotaSizes { limits.takeSizes(values) } else { try limits.takeRules(values) }
    guard values[Keys.quotaEnforce], QuotaRoot(values[Keys.quota])?.isEnforced == true else { return nil }
    return limits.bytes > 0 || limits.messages > 0 || limits.mailSize > 0 ? limits : nil
  }

  /// Dovecot 2.4.
  private mutating func takeSizes(_ values: SettingValues) {
    let (size, count) = (Int64(clamping: values[Keys.quotaStorageSize].bytes), Int64(clamping: values[Keys.quotaMessageCount]))
    if size > 0 {
      let extra = Int64(clamping: values[Keys.quotaStorageExtra].bytes)
      bytes = Int64(clamping: values[Keys.quotaStoragePercentage]).percent(of: size).addingSaturated(extra)
      grace = Int64(clamping: values[Keys.quotaStorageGrace].bytes)
    }
    if count > 0 { messages = Int64(clamping: values[Keys.quotaMessagePercentage]).percent(of: count) }
  }

  /// Dovecot 2.3. Rules for one mailbox add to those for all.
  private mutating func takeRules(_ values: SettingValues) throws(QuotaRule.Fault) {
    var inbox: QuotaRule?
    for text in values[Keys.quotaRule].quotaRules {
      let rule = try QuotaRule(text)
      switch rule.mailbox {
      case "*": (bytes, messages) = rule.isIgnored ? (0, 0) : (rule.bytes.value(of: 0), rule.messages.value(of: 0))
      case _ where rule.mailbox.uppercased() == "INBOX": inbox = rule
      default: if rule.isIgnored { ignored.append(rule.mailbox) }
      }
    }
    if let inbox {
      bytes = inbox.isIgnored || bytes == 0 ? 0 : bytes.addingSaturated(inbox.bytes.value(of: bytes))
      messages = inbox.isIgnored || messages == 0 ? 0 : messages.addingSaturated(inbox.messages.value(of: messages))
    }
    grace = try Self.grace(values[Keys.quotaGrace], of: bytes)
  }

  static func grace(_ text: String, of limit: Int64) throws(QuotaRule.Fault) -> Int64 {
    if let part = QuotaRule.percentage(text[...]) { return part.percent(of: limit) }
    return text.isEmpty ? 0 : try QuotaRule.number(text, unit: 1024)
  }
}

extension SettingValues {
  var hasQuotaSizes: Bool { self[Keys.quotaStorageSize].bytes > 0 || self[Keys.quotaMessageCount] > 0 }
}

extension String {
  /// Apart by commas, since the names of mailboxes may have blanks.
  var quotaRules: [String] { split(separator: ",").map { LocatedText(name: "", text: String($0)).trimmed.text }.filter { !$0.isEmpty } }
}

/// `quota = driver:name:options`
struct QuotaRoot: Equatable {
  let driver: String
  let options: [String]

  /// Nil for a driver that nobody knows.
  init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let driver = parts.first, Self.drivers.contains(driver) else { return nil }
    self.driver = driver
    options = Array(parts.dropFirst(2))
  }

  /// Whether the mail of INBOX is what this limits, and by counting it.
  var isEnforced: Bool { Self.counting.contains(driver) && !options.contains("noenforcing") && !isElsewhere }
  var isElsewhere: Bool { options.contains { $0.hasPrefix("ns=") && $0 != "ns=" } }
  var isCountedOtherwise: Bool { driver == "count" || driver == "dict" || driver == "dirsize" }
  var isLeftToOthers: Bool { !Self.counting.contains(driver) }

  private static let counting: Set = ["maildir", "count", "dict", "dirsize"]
  static let drivers = ["maildir", "count", "dict", "dirsize", "fs", "imapc", "noop"]
}

/// `552 5.2.2 Mailbox is full`: what a client hears of a recipient.
package struct QuotaReply: Equatable, Sendable {
  package let code: UInt16
  package let status: String
  package let text: String

  /// Nil for what is no refusal. `status` is of a permanent one.
  package init?(_ line: String, status: String) {
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    guard let first = words.first else { return nil }
    let rest = words.count > 1 ? words[1] : ""
    switch first.uppercased() {
    case "REJECT": self.init(554, rest, status)
    case "DEFER", "DEFER_IF_PERMIT": self.init(452, rest, "4" + status.dropFirst())
    default:
      guard let code = UInt16(first), (400...599).contains(code) else { return nil }
      self.init(code, rest, (code < 500 ? "4" : "5") + status.dropFirst())
    }
  }

  private init(_ code: UInt16, _ rest: String, _ status: String) {
    self.code = code
    let word = rest.prefix { $0 != " " }
    let isStatus = word.split(separator: ".").count == 3 && word.utf8.allSatisfy { $0.isDigit || $0 == 0x2e } && word.first == status.first
    self.status = isStatus ? String(word) : status
    let words = isStatus ? rest.dropFirst(word.count).drop { $0 == " " } : rest[...]
    text = words.isEmpty ? "Mailbox is full" : String(words)
  }
}
