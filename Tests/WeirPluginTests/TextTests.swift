// SPDX-License-Identifier: Apache-2.0
import CWeir
import Testing

@testable import WeirPlugin

@Suite struct TextTests {
  private func borrowing<Answer>(_ text: String, _ body: (BorrowedText) -> Answer) -> Answer {
    text.lend { body(BorrowedText($0)) }
  }

  @Test(arguments: [("Subject", true), ("SUBJECT", true), ("subjec", false), ("subjects", false), ("", false)])
  func comparesWithoutCase(text: String, isEqual: Bool) {
    #expect(borrowing(text) { $0.isEqual(to: "Subject") } == isEqual)
  }

  @Test(arguments: [("jackpot", true), ("a JackPot!", true), ("the jackpo", false), ("jack", false), ("", false), ("jajackpot", true)])
  func looksForAWord(text: String, isThere: Bool) {
    #expect(borrowing(text) { $0.contains("jackpot" as String) } == isThere)
  }

  @Test func everyTextContainsNothing() {
    #expect(borrowing("") { $0.contains("" as String) })
  }

  /// `[` and `{` differ from `@` and `Z` by the bit that tells small letters from capital ones.
  @Test func onlyLettersHaveCase() {
    #expect(!borrowing("[x]") { $0.isEqual(to: "{x}") })
    #expect(!borrowing("@") { $0.isEqual(to: "`") })
  }

  @Test(arguments: [("a@b", "b"), ("a@b@c", "c"), ("a@", ""), ("a", nil)])
  func takesWhatFollows(text: String, rest: String?) {
    #expect(borrowing(text) { $0.after("@").map { String($0) } } == rest)
  }

  @Test func nothingIsEmpty() {
    #expect(BorrowedText(weir_str(ptr: nil, len: 9)).isEmpty)
  }

  @Test func badUTF8IsReplaced() {
    let bytes: [UInt8] = [0x61, 0xFF]
    #expect(bytes.withUnsafeBytes { String(BorrowedText($0)) } == "a\u{FFFD}")
  }
}

@Suite struct DurationTests {
  @Test(arguments: [
    (Duration.zero, UInt32(0)), (.milliseconds(1), 1), (.microseconds(1), 1), (.microseconds(1001), 2), (.seconds(-1), 0),
    (.seconds(4_294_967), 4_294_967_000), (.seconds(4_294_968), .max), (.seconds(Int64.max), .max), (.seconds(Int64.min), 0),
  ])
  func isRoundedUpAndHeld(duration: Duration, milliseconds: UInt32) {
    #expect(duration.wholeMilliseconds == milliseconds)
  }
}
