// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct ByteCursorTests {
  private func with<Result>(_ text: String, _ body: (inout ByteCursor) -> Result) -> Result {
    Array(text.utf8).withUnsafeBytes { bytes in
      var cursor = ByteCursor(bytes)
      return body(&cursor)
    }
  }

  private func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func readsToTheEndAndNoFurther() {
    with("ab") { cursor in
      let read = [cursor.next(), cursor.peek, cursor.next(), cursor.next(), cursor.peek]
      #expect(read == [0x61, 0x62, 0x62, nil, nil])
      #expect(cursor.isAtEnd)
      #expect(cursor.rest.isEmpty)
    }
  }

  @Test func takesRuns() {
    with("12 ab") { cursor in
      let runs = [text(cursor.take(while: .digit)), text(cursor.take(while: .digit))]
      let blanks = [cursor.take(0x20), cursor.take(0x20)]
      let rest = text(cursor.take(until: .digit))
      #expect(runs == ["12", ""])
      #expect(blanks == [true, false])
      #expect(rest == "ab")
    }
  }

  @Test func wordsMatchInAnyCase() {
    with("FrOm:x") { cursor in
      let isTo = cursor.take(word: "TO")
      let isFrom = cursor.take(word: "FROM")
      #expect(!isTo)
      #expect(isFrom)
      #expect(text(cursor.rest) == ":x")
    }
    let isCut = with("FRO") { $0.take(word: "FROM") }
    #expect(!isCut)
  }

  @Test(arguments: [(0, 2, "ab"), (1, 99, "bc"), (-5, 1, "a"), (2, 1, ""), (9, 12, ""), (1, -1, "")])
  func slicesAreClamped(start: Int, end: Int, expected: String) {
    #expect(with("abc") { text($0.bytes.slice(start, end)) } == expected)
  }

  @Test(arguments: [
    ("0", 0), ("42", 42), ("007", 7), ("999999999999999999", 999_999_999_999_999_999), ("1000000000000000000", nil), ("", nil), ("-1", nil),
    ("1 ", nil),
  ])
  func decimals(text: String, expected: Int?) {
    #expect(with(text) { $0.bytes.decimal() } == expected)
  }

  @Test func decimalsKeepTheirDigits() {
    #expect(with("123") { $0.bytes.decimal(maximumDigits: 3) } == 123)
    #expect(with("1234") { $0.bytes.decimal(maximumDigits: 3) } == nil)
  }

  @Test func setsHoldWhatTheyWereGiven() {
    let set = ASCIISet("aZ0~ \t")
    for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == Array("aZ0~ \t".utf8).contains(byte)) }
    #expect(!ASCIISet.atext.contains(0x80))
    #expect(ASCIISet.digit.union(.lower).contains(0x7a))
  }
}
