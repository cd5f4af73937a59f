// SPDX-License-Identifier: Apache-2.0

/// One of Dovecot's `quota_rule`s: `*:storage=1G:messages=1000`, `Trash:storage=+10%`, `Junk:ignore`.
package struct QuotaRule: Equatable, Sendable {
  package enum Amount: Equatable, Sendable {
    case number(Int64)
    /// Of the rule for all.
    case percent(Int64)
  }

  /// `*` for all together.
  package let mailbox: String
  package private(set) var bytes = Amount.number(0)
  package private(set) var messages = Amount.number(0)
  /// The mailbox does not count.
  package private(set) var isIgnored = false

  package enum Fault: Error, Equatable {
    case noMailbox
    case unknownLimit(String)
    case noNumber(String)

    package var text: String {
      switch self {
      case .noMailbox: "a rule is the name of a mailbox, or `*`, a colon and limits"
      case .unknownLimit(let name): "there is no limit `\(name)`: `storage`, `bytes`, `messages` and `ignore` are"
      case .noNumber(let text): "`\(text)` is no size"
      }
    }
  }

  package init(_ text: String) throws(Fault) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let name = parts.first, !name.isEmpty, parts.count > 1 else { throw .noMailbox }
    mailbox = name
    for part in parts.dropFirst() { try take(part) }
  }

  private mutating func take(_ limit: String) throws(Fault) {
    if limit == "ignore" { return isIgnored = true }
    guard let equals = limit.firstIndex(of: "=") else { throw .unknownLimit(limit) }
    let value = String(limit[limit.index(after: equals)...])
    switch limit[..<equals] {
    case "storage": bytes = try amount(value, unit: 1024)
    case "bytes": bytes = try amount(value, unit: 1)
    case "messages": messages = try amount(value, unit: 1)
    default: throw .unknownLimit(String(limit[..<equals]))
    }
  }

  /// Only what is for one mailbox can be more, or a part, of something.
  private func amount(_ text: String, unit: Int64) throws(Fault) -> Amount {
    guard mailbox != "*" else { return .number(try Self.number(text, unit: unit)) }
    let size = text.hasPrefix("+") ? text.dropFirst() : text[...]
    guard size.hasSuffix("%") else { return .number(try Self.number(String(size), unit: unit)) }
    guard let part = Self.percentage(size) else { throw .noNumber(text) }
    return .percent(part)
  }

  /// `10%`, and `10%%`, as it is written where `%` begins a variable.
  static func percentage(_ text: Substring) -> Int64? {
    let digits = text.prefix { $0 != "%" }
    guard ["%", "%%"].contains(text.dropFirst(digits.count)), digits.utf8.allSatisfy(\.isDigit), let value = Int64(digits), value <= 1_000_000
    else { return nil }
    return value
  }

  /// `unit` counts where no letter says which.
  static func number(_ text: String, unit: Int64) throws(Fault) -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let factors: [String: Int64] = ["": unit, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
    guard let count = Int64(digits), let factor = factors[text.dropFirst(digits.count).lowercased()] else { throw .noNumber(text) }
    let (product, overflow) = count.multipliedReportingOverflow(by: factor)
    if overflow { throw .noNumber(text) }
    return product
  }
}

extension QuotaRule.Amount {
  func value(of whole: Int64) -> Int64 {
    switch self {
    case .number(let number): number
    case .percent(let part): part.percent(of: whole)
    }
  }
}

extension Int64 {
  func percent(of whole: Int64) -> Int64 {
    let (high, low) = (whole / 100, whole % 100)
    let (product, overflow) = high.multipliedReportingOverflow(by: self)
    return overflow ? .max : product.addingSaturated(low.multipliedReportingOverflow(by: self).partialValue / 100)
  }

  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
