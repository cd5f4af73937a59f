// SPDX-License-Identifier: Apache-2.0

/// Says which rules of a table a text can match at all, from the literals in their patterns. Many rules then cost about as much as one.
struct LiteralFilter: Sendable {
  private let scanner: LiteralScanner
  /// A bit for each step that is always looked at: it has no literals, is negated, or is an `if`.
  private let always: [UInt64]
  /// Whether a rule is among them.
  let hasOpenRules: Bool

  /// With fewer it would not pay.
  private static let minimumRules = 4

  /// `literals`: of each step, nil for those that are always looked at. Nil where too few have any.
  init?(_ literals: [[[UInt8]]?], isRule: [Bool]) {
    guard literals.count(where: { $0 != nil }) >= Self.minimumRules else { return nil }
    var always = [UInt64](repeating: 0, count: (literals.count + 63) / 64)
    for (step, texts) in literals.enumerated() where texts == nil { always[step >> 6] |= 1 << UInt64(step & 63) }
    self.always = always
    hasOpenRules = zip(literals, isRule).contains { $0 == nil && $1 }
    scanner = LiteralScanner(literals.enumerated().flatMap { step, texts in (texts ?? []).map { ($0, step) } })
  }

  /// Calls `body` with a bit for each step to look at.
  @inline(__always) func withSteps<Result>(_ subject: UnsafeBufferPointer<UInt8>, _ body: (UnsafeMutableBufferPointer<UInt64>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: always.count) { bits in
      _ = bits.initialize(from: always)
      scanner.scan(UnsafeRawBufferPointer(subject)) { step in
        bits[step >> 6] |= 1 << UInt64(step & 63)
        return true
      }
      return body(bits)
    }
  }

  /// Whether any of the literals is in a text.
  func mayBeIn(_ text: UnsafeRawBufferPointer) -> Bool {
    var isThere = false
    scanner.scan(text) { _ in
      isThere = true
      return false
    }
    return isThere
  }

  /// The first step from `index` on whose bit is set; `count` where there is none.
  @inline(__always) static func next(_ bits: UnsafeMutableBufferPointer<UInt64>, from index: Int, count: Int) -> Int {
    var word = index >> 6
    guard word < bits.count else { return count }
    var value = bits[word] & (UInt64.max << UInt64(index & 63))
    while value == 0 {
      word += 1
      guard word < bits.count else { return count }
      value = bits[word]
    }
    return (word << 6) + value.trailingZeroBitCount
  }
}
