// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Tables

@Suite struct LiteralPrefixTests {
  @Test(arguments: [
    ("^Subject:.*x", "subject:"), ("^Content-(Disposition|Type).*name", "content-"), ("^X-A: [a|b]", "x-a: "), ("^ab*c", "a"), ("^ab+", "a"),
    ("^ab?", "a"),
    ("^ab{2}", "a"), ("^a[[:space:]|]b", "a"), ("^a[]|]b", "a"), ("^a[^]|]b", "a"), ("^a\\|b", "a"), ("^a(b|c)*", "a"), ("^subject", "subject"),
  ])
  func isWhatEveryMatchBeginsWith(pattern: String, prefix: String) {
    #expect(LiteralPrefix(extended: Array(pattern.utf8), isCaseless: true)?.bytes == Array(prefix.utf8))
  }

  @Test(arguments: [
    "Subject", "^", "^.*", "^(a|b)", "^a|b", "^a(b)|c", "(^a)", "^a*", "^a{0}b", "^a)|b", "^a[b|c", "^a[[.|.]]b", "^a[[=b=]]|c", "^a\n|b", "^[a]b",
    "^\\(a",
  ])
  func doubtMeansNone(pattern: String) {
    #expect(LiteralPrefix(extended: Array(pattern.utf8), isCaseless: true) == nil)
  }

  @Test func caseCountsWhereItIsToldTo() throws {
    let prefix = try #require(LiteralPrefix(extended: Array("^Ab".utf8), isCaseless: false))
    #expect(prefix.bytes == Array("Ab".utf8))
    for (text, isBeginning) in [("Abc", true), ("Ab", true), ("ab", false), ("A", false), ("", false)] {
      #expect(Array(text.utf8).withUnsafeBufferPointer { prefix.isBeginning(of: $0) } == isBeginning)
    }
  }

  /// Patterns thrown together of the characters that mean something: with the prefix or without, the answer is the same.
  @Test func changesNoAnswer() {
    var random = SplitMix(state: 42)
    let pieces = ["a", "b", "A", "|", "(", ")", "[", "]", "^", "*", "?", "{2}", ".", "\\", "[:alpha:]", "$", ":", "\n", "[^", "ab", "(a|b)"]
    var (compiled, matched) = (0, 0)
    for _ in 0..<20_000 {
      let length = Int(random.next() % 7)
      let pattern = "^" + (0..<length).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
      guard case .success(let posix) = PosixPattern.compile(Array(pattern.utf8), flags: PatternEngine.posix.defaultFlags) else { continue }
      compiled += 1
      for _ in 0..<6 {
        let subject = (0..<Int(random.next() % 5)).map { _ in Array("abAB:^\n".utf8)[Int(random.next() % 7)] }
        let none = UnsafeMutableBufferPointer<Int>(start: nil, count: 0)
        let (with, without) = subject.withUnsafeBufferPointer {
          (posix.match($0, spans: none) == .found, posix.matchWhole($0, spans: none) == .found)
        }
        if without { matched += 1 }
        #expect(with == without, "\(pattern) \(subject)")
      }
    }
    #expect(compiled > 5000 && matched > 1000)
  }
}

/// The same numbers each time.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}
