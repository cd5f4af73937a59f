// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What follows the condition: `?value`, `:value`, `?{value}:{value}`.
struct Branches {
  private var ifTrue: LocatedText?
  private var ifFalse: LocatedText?

  init?(_ text: LocatedText) {
    guard let begin = text.bytes.firstIndex(where: { !$0.isBlank }) else { return nil }
    let text = text[begin...]
    guard let mark = text.bytes.first, mark == UInt8(ascii: "?") || mark == UInt8(ascii: ":") else { return nil }
    let value = text[1...]
    if mark == UInt8(ascii: ":") {
      ifFalse = value.trimmed.braced ?? value
    } else if let (first, second) = Self.pair(value.trimmed) {
      ifTrue = first
      ifFalse = second
    } else {
      ifTrue = value.trimmed.braced ?? value
    }
  }

  func chosen(_ condition: Bool) -> LocatedText? { condition ? ifTrue : ifFalse }

  private static func pair(_ text: LocatedText) -> (LocatedText, LocatedText)? {
    guard text.bytes.first == UInt8(ascii: "{"), let end = text.closingBrace(from: 0) else { return nil }
    let rest = text[(end + 1)...].trimmed
    guard rest.bytes.first == UInt8(ascii: ":"), let first = text[..<(end + 1)].braced else { return nil }
    return (first, rest[1...].trimmed.braced ?? rest[1...].trimmed)
  }
}

/// `{a} == {b} ? …`
struct Comparison {
  let left: LocatedText
  let right: LocatedText
  let branches: Branches
  private let sign: String

  private static let signs = ["==", "!=", "<=", ">=", "<", ">"].flatMap { [$0 + "level", $0] }

  init?(_ text: LocatedText) {
    guard let leftEnd = text.closingBrace(from: 0), let left = text[..<(leftEnd + 1)].braced else { return nil }
    let afterLeft = text[(leftEnd + 1)...].trimmed
    guard let sign = Self.signs.first(where: { afterLeft.text.hasPrefix($0) }) else { return nil }
    let rightText = afterLeft[sign.utf8.count...].trimmed
    guard let rightEnd = rightText.closingBrace(from: 0), let right = rightText[..<(rightEnd + 1)].braced else { return nil }
    guard let branches = Branches(rightText[(rightEnd + 1)...]) else { return nil }
    self.left = left
    self.right = right
    self.branches = branches
    self.sign = sign
  }

  /// With `<level` and so on as compatibility levels (`3.6`), else as numbers if both are, else as strings. Nil if one of them is no level.
  func holds(_ left: String, _ right: String) -> Bool? {
    if sign.hasSuffix("level") {
      guard let left = Self.level(left), let right = Self.level(right) else { return nil }
      return compare(left, right)
    }
    if let left = Int(digits: Array(left.utf8)[...]), let right = Int(digits: Array(right.utf8)[...]) { return compare(left, right) }
    return compare(left, right)
  }

  /// `major.minor.patch`, the last two of which may be missing.
  private static func level(_ text: String) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int(digits: Array($0.utf8)[...]) }
    guard (1...3).contains(parts.count), parts.allSatisfy({ $0.map { $0 < 1000 } ?? false }) else { return nil }
    return (0..<3).reduce(0) { $0 * 1000 + (parts.indices.contains($1) ? parts[$1] ?? 0 : 0) }
  }

  private func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
    switch sign.prefix(while: { !$0.isLetter }) {
    case "==": left == right
    case "!=": left != right
    case "<=": left <= right
    case ">=": left >= right
    case "<": left < right
    default: left > right
    }
  }
}

extension LocatedText {
  /// What is between `{` and `}`, its blanks among it, if the text is one group in braces.
  fileprivate var braced: LocatedText? { group == nil ? nil : self[1..<(count - 1)] }
}
