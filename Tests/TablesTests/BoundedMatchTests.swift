// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Tables

/// No match takes long, whatever the pattern and however long the line; and what is bounded finds what it should.
@Suite(.timeLimit(.minutes(1))) struct BoundedMatchTests {
  private func match(_ engine: PatternEngine, _ pattern: String, _ subject: String, spans: inout [Int]) throws -> PatternOutcome {
    let pattern = try engine.compile(Array(pattern.utf8), flags: engine.defaultFlags).get()
    return Array(subject.utf8).withUnsafeBufferPointer { subject in spans.withUnsafeMutableBufferPointer { pattern.match(subject, spans: $0) } }
  }

  @Test(
    arguments: [
      "a(?:xy|[^z])*[bc]", "a(?:[^z]y?)*[bc]", "(?=a.*[bc])q|a.*[^a]", "(a+)(a+)\\1\\2[bc]", "(.*)x?\\1.*\\1[bc]$", "(a*)(a*)(a*)(a*)[bc]",
      "(a+)+[bc]",
      "(?:a|a)*(?:a|a)*[bc]$",
    ], [60, 1300, 2500, 100_000])
  func nothingWithoutEnd(pattern: String, length: Int) throws {
    var spans: [Int] = []
    #expect(try match(.perl, pattern, String(repeating: "a", count: length), spans: &spans) != .found)
  }

  @Test(arguments: ["a[^z]*[bc]", "(a|ab)*[^a]*[bc]", "a.*a.*[bc]", "(a+)(a+)\\1\\2[bc]", "(.*)x?\\1.*\\1[bc]$"], [60, 1300, 2500, 100_000])
  func nothingWithoutEndInPosix(pattern: String, length: Int) throws {
    var spans: [Int] = []
    #expect(try match(.posix, pattern, String(repeating: "a", count: length), spans: &spans) != .found)
  }

  @Test(arguments: [("(a[^z]*)b", 1), ("([xa]+)b", 0), ("(^x*)a", 0), ("(a)b$", 1), ("(?:)(a)b", 1)], [PatternEngine.perl, .posix])
  func findsWhatIsFarAway(pattern: (text: String, isLate: Int), engine: PatternEngine) throws {
    let text = engine == .posix ? pattern.text.replacing("(?:)", with: "x?x?") : pattern.text
    let length = 90_000
    var spans = [Int](repeating: 0, count: 4)
    let subject = String(repeating: "x", count: length) + "ab"
    #expect(try match(engine, text, subject, spans: &spans) == .found)
    let begin = text.hasPrefix("x?") ? length - 2 : pattern.isLate * length
    #expect(spans[0] == begin && spans[1] == length + (text.hasSuffix("a") ? 1 : 2))
    #expect(spans[2] == pattern.isLate * length && spans[3] == (text == "(^x*)a" ? length : length + 1))
  }
}
