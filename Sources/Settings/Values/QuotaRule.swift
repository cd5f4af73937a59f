// SPDX-License-Identifier: Apache-2.0

/// Dovecot's `quota_rule`: `*:storage=1G:messages=1000`.
package struct QuotaRule: Equatable, Sendable {
  /// 0 is no limit.
  package private(set) var bytes: Int64 = 0
  package private(set) var messages: Int64 = 0

  package enum Fault: Error, Equatable {
    /// A rule for some mailboxes only.
    case notForAll
    case unknownLimit(String)
    case noNumber(String)

    package var text: String {
      switch self {
      case .notForAll: "a rule begins with `*:`: only rules for the whole Maildir are supported"
      case .unknownLimit(let name): "there is no limit `\(name)`: `storage`, `bytes` and `messages` are"
      case .noNumber(let text): "`\(text)` is no size"
      }
    }
  }

  package init(_ text: String) throws(Fault) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.first == "*", parts.count > 1 else { throw .notForAll }
    for part in parts.dropFirst() { try take(part) }
  }

  private mutating func take(_ limit: String) throws(Fault) {
    guard let equals = limit.firstIndex(of: "=") else { throw .unknownLimit(limit) }
    let value = String(limit[limit.index(after: equals)...])
    switch limit[..<equals] {
    case "storage": bytes = try Self.number(value, unit: 1024)
    case "bytes": bytes = try Self.number(value, unit: 1)
    case "messages": messages = try Self.number(value, unit: 1)
    default: throw .unknownLimit(String(limit[..<equals]))
    }
  }

  /// `unit` counts where no letter says which.
  private static func number(_ text: String, unit: Int64) throws(Fault) -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let factors: [String: Int64] = ["": unit, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40]
    guard let count = Int64(digits), let factor = factors[text.dropFirst(digits.count).lowercased()] else { throw .noNumber(text) }
    let (product, overflow) = count.multipliedReportingOverflow(by: factor)
    if overflow { throw .noNumber(text) }
    return product
  }
}
