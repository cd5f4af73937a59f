// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@Suite struct DiagnosticTextTests {
  private func render(_ text: String, at offset: Int, length: Int = 1, isColored: Bool = false) -> String {
    let location = SourceLocation(SourceText(name: "f", text: text), offset: offset)
    return DiagnosticText(isColored: isColored).render(.error(location, length: length, "wrong", hint: "right"))
  }

  @Test func showsLineCaretAndHint() {
    #expect(render("a = b\nname = value\n", at: 13, length: 5) == "f:2:8: error: wrong\n  name = value\n         ^~~~~\n  hint: right\n")
  }

  @Test func countsCharactersNotBytes() {
    #expect(render("äö = x", at: 7) == "f:1:6: error: wrong\n  äö = x\n       ^\n  hint: right\n")
  }

  @Test func keepsTabs() {
    #expect(render("\ta\tb", at: 3) == "f:1:4: error: wrong\n  \ta\tb\n  \t \t^\n  hint: right\n")
  }

  @Test func controlCharactersDoNotReachTheTerminal() {
    #expect(!render("\u{1b}[2Jx", at: 4).contains("\u{1b}"))
    #expect(render("x", at: 0, isColored: true).contains("\u{1b}[1;31merror"))
  }

  @Test func longLinesAreShownInPart() {
    let lines = render(String(repeating: "x", count: 1000) + "!" + String(repeating: "y", count: 1000), at: 1000).split(separator: "\n")
    #expect(lines[0] == "f:1:1001: error: wrong")
    #expect(lines[1].count == DiagnosticText.maximumWidth + 2)
    #expect(lines[2].count == (lines[1].firstIndex(of: "!")?.utf16Offset(in: lines[1]) ?? 0) + 1)
  }

  @Test(arguments: [-5, 0, 5, 6, 99])
  func anyPlaceCanBeShown(offset: Int) {
    #expect(render("a = b\r\n", at: offset, length: 50).hasPrefix("f:"))
  }

  @Test func sortsByFileThenPlace() {
    let first = SourceText(name: "1", text: "abc")
    let second = SourceText(name: "2", text: "abc")
    let diagnostics: [Diagnostic] = [
      .error(SourceLocation(first, offset: 2), "c"), .error(SourceLocation(second, offset: 0), "d"), .error(SourceLocation(first, offset: 1), "b"),
      .error(nil, "a"),
    ]
    #expect(diagnostics.sortedByPlace().map(\.message) == ["a", "b", "c", "d"])
  }
}
