// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@Suite struct LocatedTextTests {
  private let source = SourceText(name: "f", text: "one two\nthree\n")

  @Test func eachByteKnowsItsPlace() {
    var text = LocatedText(source, 4..<7)
    text.append(source, 8..<13)
    #expect(text.text == "twothree")
    #expect(text.location(at: 0).description == "f:1:5")
    #expect(text.location(at: 2).description == "f:1:7")
    #expect(text.location(at: 3).description == "f:2:1")
    #expect(text.end.description == "f:2:6")
    #expect(text[1..<5].text == "woth")
    #expect(text[1..<5].location(at: 2).description == "f:2:1")
    #expect(text[4...].start.description == "f:2:2")
  }

  @Test func whatStandsForAPlaceHasNoOther() {
    var text = LocatedText(source, 0..<4)
    text.append(Array("value".utf8), standingFor: SourceLocation(source, offset: 4))
    #expect(text.location(at: 4).description == "f:1:5")
    #expect(text.location(at: 8).description == "f:1:5")
    #expect(text[6...].start.description == "f:1:5")
  }

  @Test func rangesAreClamped() {
    let text = LocatedText(source, 0..<3)
    #expect(text[2..<99].text == "e")
    #expect(text[5...].text == "")
    #expect(text[..<(-1)].text == "")
    #expect(LocatedText(at: SourceLocation(source, offset: 2)).start.description == "f:1:3")
  }

  @Test(arguments: [
    ("a, b c", ["a", "b", "c"]), (" ,a,,b ", ["a", "b"]), ("x:{ a, b } c", ["x:{ a, b }", "c"]), ("{ a {b c} } d", ["{ a {b c} }", "d"]),
    ("a } b", ["a", "}", "b"]),
    ("{ a b", ["{ a b"]), ("", []),
  ])
  func splitsLists(text: String, elements: [String]) {
    #expect(LocatedText(name: "t", text: text).elements().map(\.text) == elements)
  }

  @Test(arguments: [("{ a b }", "a b"), ("{}", ""), ("{a} {b}", nil), ("a", nil), ("{a", nil)] as [(String, String?)])
  func findsGroups(text: String, inner: String?) {
    #expect(LocatedText(name: "t", text: text).group?.text == inner)
  }

  @Test func linesEndInLFOrCRLF() {
    let text = SourceText(name: "f", text: "a\r\nb\n\nc")
    #expect((0..<5).map { String(decoding: text.line($0), as: UTF8.self) } == ["a", "b", "", "c", ""])
    #expect((0..<7).map { text.lineIndex(at: $0) } == [0, 0, 0, 1, 1, 2, 3])
  }
}
