// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

@Suite struct CaseFoldingTests {
  private func folded(_ text: String) -> [UInt8] { CaseFolding.fold(Array(text.utf8)) }

  /// Each pair is one key; CaseFolding.txt of Unicode says so.
  @Test(arguments: [
    ("ALICE", "alice"), ("ÄNNE", "änne"), ("Straße", "STRASSE"), ("STRAẞE", "strasse"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("ЖЕНЯ", "женя"), ("ﬁn", "FIN"),
    ("İ", "i\u{307}"), ("\u{212A}elvin", "kelvin"), ("ǅ", "ǆ"), ("Ա", "ա"), ("𐐀", "𐐨"), ("日本", "日本"), ("ŉ", "ʼn"), ("ΐ", "Ι\u{308}\u{301}"),
  ])
  func areOne(_ left: String, _ right: String) { #expect(folded(left) == folded(right)) }

  @Test(arguments: [("ı", "i"), ("ä", "a"), ("ä", "a\u{308}"), ("ж", "ш")]) func areTwo(_ left: String, _ right: String) {
    #expect(folded(left) != folded(right))
  }

  /// What is no UTF-8 has no letters but those of ASCII.
  @Test func otherBytesStay() { #expect(CaseFolding.fold([0x41, 0xc4, 0x5a, 0xff]) == [0x61, 0xc4, 0x7a, 0xff]) }

  private func table(_ text: String) throws -> Table {
    let reference = try #require(TableReference(LocatedText(name: "t", text: text)))
    return try #require(
      Table.read(reference, files: MemoryFiles(["/t": "ÄNNE@weir.test a\n\"two Wörter\" b\nstrasse@weir.test c\nplain@weir.test d\nΣας e\n"])).table)
  }

  @Test(arguments: [
    ("änne@weir.test", "a"), ("Änne@WEIR.test", "a"), ("TWO WÖRTER", "b"), ("Straße@weir.test", "c"), ("STRAẞE@weir.test", "c"),
    ("PLAIN@weir.test", "d"),
    ("ΣΑΣ", "e"), ("σασ", "e"),
  ])
  func tablesKnowAllSpellings(_ key: String, _ value: String) throws {
    #expect(try table("hash:/t").value(for: key) == value)
    let inline = "inline:{ ÄNNE@weir.test=a, { two Wörter = b }, strasse@weir.test=c, plain@weir.test=d, Σας=e }"
    #expect(try table(inline).value(for: key) == value)
  }

  @Test(arguments: ["anne@weir.test", "änne@weir.tes", "wörter", "two", "straße", ""]) func andNothingElse(_ key: String) throws {
    #expect(try table("hash:/t").value(for: key) == nil)
  }

  @Test func theFirstSpellingCounts() throws {
    let table = try table("inline:{ straße=first, STRASSE=second }")
    #expect(table.value(for: "Strasse") == "first")
    #expect(table.entries.map(\.key) == ["strasse"])
  }

  private func word(_ number: Int) -> String {
    let letters = [0x410 + UInt32(number % 32), 0x10e + UInt32(number % 7) * 2].compactMap { Unicode.Scalar($0) }
    return String(String.UnicodeScalarView(letters)) + "\(number)"
  }

  /// Many keys beyond ASCII, so that slots are shared.
  @Test func manyKeys() throws {
    let words = (0..<2000).map(word)
    let text = words.enumerated().map { "\($1) \($0)\n" }.joined()
    let reference = try #require(TableReference(LocatedText(name: "t", text: "hash:/m")))
    let table = try #require(Table.read(reference, files: MemoryFiles(["/m": text])).table)
    #expect(table.count == words.count)
    for (index, word) in words.enumerated() {
      #expect(table.value(for: word.lowercased()) == "\(index)" && table.value(for: word.uppercased()) == "\(index)")
    }
  }
}
