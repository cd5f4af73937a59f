// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Tables

@Suite struct CheckActionTests {
  private func read(_ text: String, _ subject: CheckAction.Subject = .header) throws(CheckProblem) -> CheckAction {
    try CheckActionReader.read(Array(text.utf8), for: subject)
  }

  @Test(arguments: [
    ("REJECT", CheckAction.reject(status: "5.7.1", text: "message content rejected")),
    ("reject   no such mail", .reject(status: "5.7.1", text: "no such mail")), ("REJECT\tno", .reject(status: "5.7.1", text: "no")),
    ("REJECT 5.6.0 no", .reject(status: "5.6.0", text: "no")), ("REJECT 4.7.1  later", .reject(status: "4.7.1", text: "later")),
    ("REJECT 5.7.1", .reject(status: "5.7.1", text: "")), ("REJECT 550 5.7.1 no", .reject(status: "5.7.1", text: "550 5.7.1 no")),
    ("REJECT 5.7 no", .reject(status: "5.7.1", text: "5.7 no")), ("REJECT 3.7.1 no", .reject(status: "5.7.1", text: "3.7.1 no")),
    ("REJECT 5.1234.1 no", .reject(status: "5.7.1", text: "5.1234.1 no")), ("REJECT 5.7.1no", .reject(status: "5.7.1", text: "5.7.1no")),
    ("WARN", .warn("")), ("Warn a b ", .warn("a b ")), ("INFO x", .info("x")), ("DUNNO", .dunno), ("OK", .dunno), ("dunno whatever", .dunno),
    ("IGNORE", .ignore), ("IGNORE this", .ignore), ("STRIP", .strip("")), ("STRIP why", .strip("why")), ("DISCARD", .discard("")),
    ("HOLD x", .hold("x")),
    ("PASS", .pass("")), ("BCC a@b.test", .bcc("a@b.test")), ("REDIRECT a@b.test", .redirect("a@b.test")),
    ("FILTER smtp:[::1]:10025", .filter("smtp:[::1]:10025")),
    ("FILTER smtp:", .filter("smtp:")), ("PREPEND X-A: b", .prepend(Array("X-A: b".utf8))), ("REPLACE X-A : b", .replace(Array("X-A : b".utf8))),
    ("REPLACE Subject:", .replace(Array("Subject:".utf8))),
  ])
  func reads(text: String, action: CheckAction) throws {
    #expect(try read(text) == action)
  }

  @Test func aLineOfTheBodyNeedsNoName() throws {
    #expect(try read("REPLACE just text", .body) == .replace(Array("just text".utf8)))
    #expect(throws: CheckProblem.self) { try self.read("REPLACE just text") }
    #expect(throws: CheckProblem.self) { try self.read("REPLACE", .body) }
  }

  @Test(arguments: [
    ("X: y", "X", "y"), ("X:y", "X", "y"), ("X:  y", "X", " y"), ("X \t: y", "X", "y"), ("X:", "X", ""), ("X:\ty", "X", "\ty"),
  ])
  func aHeaderTextIsNameAndValue(text: String, name: String, value: String) throws {
    let header = try #require(HeaderText(Array(text.utf8)[...]))
    #expect(header.name == Array(name.utf8))
    #expect(header.value == Array(value.utf8))
  }

  @Test(arguments: ["", ":", " X: y", "X y: z", "X", "\u{e9}: y", "X\u{7f}: y"])
  func whatIsNoHeaderText(text: String) {
    #expect(HeaderText(Array(text.utf8)[...]) == nil)
  }

  // MARK: What is said when a table is loaded

  private func said(_ table: String, _ rules: String, _ subject: CheckAction.Subject = .header) -> [String] {
    let files = MemoryFiles(["/t": rules])
    return ContentChecks.read(LocatedText(name: "s", text: table), subject, files: files).1.map {
      "\($0.location.map(\.description) ?? "") \($0.severity): \($0.message)" + ($0.hint.map { " | \($0)" } ?? "")
    }
  }

  @Test(arguments: [
    ("/a/ REJCT no", "/t:1:5 error: unknown action `REJCT` | did you mean `REJECT`?"),
    ("/a/ REJECT: no", "/t:1:5 error: unknown action `REJECT:` | did you mean `REJECT`?"),
    (
      "/a/ 550 no",
      "/t:1:5 error: unknown action `550` | these rules have no reply codes: `REJECT text`, with a status such as 5.7.1 before the text or without"
    ),
    ("/a/ DELETE", "/t:1:5 error: unknown action `DELETE` | IGNORE removes the line; DISCARD drops the message"),
    ("/a/", "/t:1:4 error: an empty action | an action is a word such as REJECT, WARN or DUNNO, and perhaps a text"),
    ("/a/ REPLACE", "/t:1:5 error: `REPLACE` needs a text | REPLACE X-Seen: yes"),
    ("# x\n/a/   PREPEND nothing here", "/t:2:15 error: `nothing here` is no header line | a name, a colon and the rest: `PREPEND X-Seen: yes`"),
    ("/a/ REDIRECT bob", "/t:1:14 error: `bob` is no address with a domain | REDIRECT user@example.com"),
    ("/a/ BCC", "/t:1:5 error: `BCC` needs an address | BCC user@example.com"),
    ("/a/ FILTER smtp", "/t:1:12 error: `smtp` is no `transport:destination` | FILTER transport:destination"),
    ("/a/ REJECT 2.0.0 yes", "/t:1:12 error: a refusal cannot have the status of a success | 4.x.x to be tried again, 5.x.x for good"),
  ])
  func saysWhatIsWrongWithAnAction(rules: String, message: String) {
    #expect(said("regexp:/t", rules) == [message])
    #expect(said("pcre:/t", rules) == [message])
    #expect(said("lenient:regexp:/t", rules) == [message.replacing(" error: ", with: " warning: ")])
  }

  @Test func entriesAndSettingsHaveActionsToo() {
    #expect(said("hash:/t", "# x\na: REJECT\nb: REJCT x\n").suffix(1) == ["/t:3:1 error: unknown action `REJCT` | did you mean `REJECT`?"])
    #expect(said("static:REJCT", "") == ["s:1:8 error: unknown action `REJCT` | did you mean `REJECT`?"])
    #expect(said("inline:{ a=REJCT }", "") == ["s:1:8 error: unknown action `REJCT` | did you mean `REJECT`?"])
    #expect(said("regexp:{ {/a/ REJCT} }, pcre:{ {/a/ OK} }", "") == ["s:1:15 error: unknown action `REJCT` | did you mean `REJECT`?"])
    #expect(said("/t", "") == ["s:1:1 error: expected a table, not `/t` | such as `regexp:/etc/postfix/header_checks`"])
  }

  @Test(arguments: [
    "/(.*)/ $1", "/(a)/ REPLACE $1", "/(a)/ PREPEND X-$1", "/(a)/ REDIRECT $1", "/(a)/ FILTER $1", "/(a)/ REJECT $1 $$5", "/(a)/ ${1}CT", "/a/ OK",
    "/a/ ok",
  ])
  func groupsAreJudgedWhenTheyMatch(rules: String) {
    #expect(said("regexp:/t", rules) == [])
  }

  @Test func aGroupDoesNotHideAMistake() {
    #expect(said("regexp:/t", "/(a)/ REJCT $1") == ["/t:1:7 error: unknown action `REJCT` | did you mean `REJECT`?"])
  }
}
