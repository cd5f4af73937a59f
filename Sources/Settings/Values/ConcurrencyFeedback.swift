// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// `1`, `0.5`, `1/5`, `1/concurrency`, `1/sqrt_concurrency`: by how much one delivery changes how many there may be.
package struct ConcurrencyFeedback: Equatable, Sendable {
  package enum Scale: Equatable, Sendable { case none, concurrency, squareRoot }

  package let value: Double
  package let scale: Scale

  init(value: Double, scale: Scale = .none) {
    self.value = value
    self.scale = scale
  }

  init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
    guard (1...2).contains(parts.count), let value = Double(decimal: parts[0]), value <= 1 else { return nil }
    switch parts.count == 2 ? parts[1] : "1" {
    case "concurrency": self.init(value: value, scale: .concurrency)
    case "sqrt_concurrency": self.init(value: value, scale: .squareRoot)
    case let divisor:
      guard let divisor = Double(decimal: divisor), divisor >= 1 else { return nil }
      self.init(value: value / divisor)
    }
  }
}

extension ValueParser {
  mutating func parseFeedback(_ text: LocatedText) -> ConcurrencyFeedback? {
    if let feedback = ConcurrencyFeedback(text.text) { return feedback }
    report(
      .error(
        text, "expected a number from 0 to 1, perhaps divided, not `\(text.text)`",
        hint: "such as 1, 1/5, 1/concurrency or 1/sqrt_concurrency"))
    return nil
  }

  mutating func parseNumber(_ text: LocatedText) -> Double? {
    if let number = Double(decimal: text.text) { return number }
    report(.error(text, "expected a number, not `\(text.text)`", hint: "such as 1 or 2.5"))
    return nil
  }
}

extension Double {
  /// Digits, perhaps with a point among them.
  fileprivate init?(decimal text: String) {
    guard !text.isEmpty, text.utf8.count <= 15, text.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }) else { return nil }
    self.init(text)
  }
}
