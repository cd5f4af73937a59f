// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tables
import Testing

@Suite struct CompositeTableTests {
  private func table(_ text: String, _ files: [String: String] = [:]) throws -> Table {
    let reference = try #require(TableReference(LocatedText(name: "t", text: text)))
    let (table, diagnostics) = Table.read(reference, files: MemoryFiles(files))
    #expect(diagnostics.filter { $0.severity == .error }.isEmpty)
    return try #require(table)
  }

  private func complaints(_ text: String) -> [String] {
    guard let reference = TableReference(LocatedText(name: "t", text: text)) else { return ["no reference"] }
    return Table.read(reference, files: MemoryFiles()).diagnostics.map(\.message)
  }

  @Test func joinsWhatAllAnswer() throws {
    let table = try table("unionmap:{inline:{ a = 1 }, hash:/two, static:3}", ["/two": "a 2\nb 4\n"])
    #expect(table.value(for: "a") == "1,2,3")
    #expect(table.value(for: "b") == "4,3")
    #expect(try self.table("unionmap:{inline:{ a = 1 }}").value(for: "c") == nil)
  }

  @Test func asksOneWithTheAnswerOfTheOther() throws {
    let table = try table("pipemap:{inline:{ a = b, x = y }, {regexp:{ {/^b$/ found $$} }}}")
    #expect(table.value(for: "a") == nil || table.value(for: "a") == "found $")
    let plain = try self.table("pipemap:{inline:{ a = b, x = y }, inline:{ b = c }}")
    #expect(plain.value(for: "a") == "c")
    #expect(plain.value(for: "x") == nil)
    #expect(plain.value(for: "b") == nil)
  }

  @Test func failsOnPurpose() throws {
    #expect(try table("fail:why").isFailing)
    #expect(try table("unionmap:{static:a, proxy:fail:}").isFailing)
    #expect(try !table("proxy:static:a").isFailing)
    #expect(try table("fail:").value(for: "a") == nil)
  }

  @Test func saysWhatIsWrong() {
    #expect(complaints("unionmap:/etc/x") == ["the tables stand in braces"])
    #expect(complaints("pipemap:{}") == ["the tables stand in braces"])
    #expect(complaints("pipemap:{word}") == ["expected a table, not `word`"])
    #expect(complaints("pipemap:{hash:/nowhere}").first?.contains("/nowhere") == true)
    #expect(
      complaints(String(repeating: "unionmap:{", count: 11) + "static:a" + String(repeating: "}", count: 11)) == [
        "there are at most 10 braces in each other"
      ])
  }

  @Test func rulesThatTakeTooLongAreNamed() throws {
    let rules = LocatedText(name: "s", text: "pcre:/rules")
    let (checks, diagnostics) = ContentChecks.read(rules, .header, files: MemoryFiles(["/rules": "# slow\n/^X: (a+)+$/ REJECT\n/^X:/ WARN\n"]))
    #expect(diagnostics.filter { $0.severity == .error }.isEmpty)
    var exhausted: [String] = []
    let line = Array(("X: " + String(repeating: "a", count: 40) + "b").utf8)
    let match = line.withUnsafeBufferPointer { checks.match($0, exhausted: &exhausted) }
    #expect(exhausted == ["/rules:2"])
    #expect(match?.rule == "/rules:3")
  }
}
