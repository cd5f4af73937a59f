// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings
import Testing

@testable import Import

@Suite struct InputTests {
  private func pieces(_ text: String) -> [String] {
    SourceText(name: "main.cf", text: text).postfixPieces.map {
      "\($0.lines.lowerBound)-\($0.lines.upperBound) \($0.text.replacing("\n", with: "|"))"
    }
  }

  @Test func entriesGoOnOverComments() {
    #expect(pieces("a = 1\n# c\n  2\n\nb = 3\n# end\n") == ["1-3 a = 1|2", "4-4 ", "5-5 b = 3", "6-6 "])
    #expect(pieces("a = 1") == ["1-1 a = 1"])
    #expect(pieces("") == [])
    #expect(pieces("\n") == ["1-1 "])
    #expect(pieces("  indented\na = 1\n") == ["1-1 indented", "2-2 a = 1"])
    #expect(pieces("# c\n  2\n") == ["1-1 ", "2-2 2"])
  }

  @Test func dovecotJoinsAtBackslashes() {
    let source = SourceText(name: "dovecot.conf", text: "a = 1 \\\n  2\n# c \\\nb = 3\n")
    #expect(source.dovecotPieces.map(\.lines) == [1...2, 3...3, 4...4])
    #expect(source.dovecotPieces.first?.text == "a = 1\n2")
  }

  @Test(arguments: [
    ("$a", "1"), ("${a}", "1"), ("$(a)", "1"), ("x$a.y", "x1.y"), ("$b", "$b"), ("$$a", "$$a"), ("${a?yes}", "${a?yes}"), ("$", "$"), ("${a", "${a"),
    ("$a$a", "11"), ("${{$a}=={1}?{x}:{y}}", "${{1}=={1}?{x}:{y}}"),
  ])
  func plainReferencesAreReplaced(text: String, expected: String) {
    #expect(References.replace(in: text) { $0 == "a" ? "1" : nil } == expected)
  }

  @Test func namesInConditionsCount() {
    #expect(References.names(in: "$a ${b?$c} $(d) plain ${{$e}=={x}?{y}}") == ["a", "b", "c", "d", "e"])
    #expect(References.names(in: "a b") == [])
  }

  @Test func servicesOfMasterCf() throws {
    let text = "127.0.0.1:10025 inet n - n - 12 smtpd -v\n  -o a=b -o { c = d e }\n# x\n  -of=g\n"
    let piece = try #require(SourceText(name: "master.cf", text: text).postfixPieces.first)
    let service = try #require(MasterService(piece))
    #expect(service.address == ("127.0.0.1", "10025"))
    #expect(service.processLimit == "12" && service.arguments == ["-v"])
    #expect(service.options.map { "\($0.lines.lowerBound) \($0.name)=\($0.value)" } == ["2 a=b", "2 c=d e", "4 f=g"])
    #expect(MasterService(Piece(lines: 1...1, parts: [LocatedText(name: "", text: "smtp inet n")])) == nil)
  }

  @Test func addressesOfServices() throws {
    for (name, expected) in [("smtp", ("", "smtp")), ("[::1]:25", ("::1", "25")), ("localhost:smtp", ("localhost", "smtp"))] {
      let piece = Piece(lines: 1...1, parts: [LocatedText(name: "", text: "\(name) inet n - n - - smtpd")])
      #expect(try #require(MasterService(piece)).address == expected)
    }
  }

  @Test func linesOfDovecot() {
    #expect(isOpen(DovecotLine("service auth {")))
    #expect(isOpen(DovecotLine("namespace {  # c")))
    if case .whole = DovecotLine("mailbox Drafts { special_use = \\Drafts }") {} else { Issue.record("not whole") }
    if case .setting("a", "b") = DovecotLine("a = b # c") {} else { Issue.record("no setting") }
    if case .setting("a", "{ b }") = DovecotLine("a = \"{ b }\"") {} else { Issue.record("no quoted setting") }
    if case .include("conf.d/*.conf", true) = DovecotLine("!include conf.d/*.conf") {} else { Issue.record("no include") }
    if case .close = DovecotLine("}  # end") {} else { Issue.record("no end") }
    if case .nonsense = DovecotLine("what is this") {} else { Issue.record("sense") }
  }

  private func isOpen(_ line: DovecotLine) -> Bool {
    if case .open = line { true } else { false }
  }
}
