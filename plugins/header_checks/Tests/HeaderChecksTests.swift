// SPDX-License-Identifier: Apache-2.0
import CWeir
import Diagnostics
import Foundation
import Tables
import Testing
import WeirPlugin

@testable import HeaderChecks

/// The stage as a host sees it: through the one symbol of the library.
@Suite struct HeaderChecksTests {
  private func host(_ rules: String, properties: [String: String] = [:]) throws -> FakeHost {
    try FakeHost([("header_checks", "regexp:{ \(rules) }")], properties: properties)
  }

  @Test func aLineThatNoRuleKnowsPasses() throws {
    let host = try host("{/^subject:.*lottery/ REJECT no such mails}")
    #expect(host.header("Subject", "hello") == WEIR_CONTINUE)
    #expect(host.logged == [])
    #expect(host.edits == [])
    #expect(host.properties == [:])
  }

  @Test(arguments: [
    ("REJECT", "550 5.7.1 message content rejected", WEIR_REJECT), ("REJECT no such mails", "550 5.7.1 no such mails", WEIR_REJECT),
    ("REJECT 5.6.0 no", "550 5.6.0 no", WEIR_REJECT), ("REJECT 4.7.1 later", "451 4.7.1 later", WEIR_TEMPFAIL),
    ("REJECT <$1>", "550 5.7.1 <LOTTERY?\t1>", WEIR_REJECT),
  ])
  func refuses(action: String, reply: String, verdict: Int) throws {
    let host = try host("{/^subject: *(lottery(.|\n)*)/ \(action)}")
    #expect(host.header("Subject", "LOTTERY\r\n\t1") == Int32(verdict))
    #expect(host.reply == reply.replacing("\t", with: "?"))
    #expect(host.properties["header_checks.rule"] == "regexp: rule 1")
  }

  @Test func logsAsPostfixDoes() throws {
    let known = ["client.name": "mail.test", "client.addr": "192.0.2.1", "sender": "a@b.test", "rcpt": "c@d.test", "protocol": "ESMTP", "helo": "h"]
    let host = try host("{/lottery/ REJECT no} {/spam/ WARN} {/x/ INFO seen $$5}", properties: known)
    #expect(host.header("Subject", "lottery") == WEIR_REJECT)
    #expect(host.header("Subject", "spam") == WEIR_CONTINUE)
    #expect(host.header("X", String(repeating: "x", count: 300)) == WEIR_CONTINUE)
    let origin = "from mail.test[192.0.2.1]; from=<a@b.test> to=<c@d.test> proto=ESMTP helo=<h>"
    #expect(
      host.logged == [
        "reject: header Subject: lottery \(origin): 5.7.1 no", "warning: header Subject: spam \(origin)",
        "info: header X: \(String(repeating: "x", count: 197)) \(origin): seen $5",
      ])
    #expect(LogContext.line("info", "X: y", "z") { _ in nil } == "info: header X: y;: z")
  }

  @Test(arguments: [
    ("IGNORE", ["delete 7"], WEIR_CONTINUE), ("STRIP why", ["delete 7"], WEIR_CONTINUE), ("PREPEND X-A: b $1", ["before 7 X-A=b c"], WEIR_CONTINUE),
    ("REPLACE Y: $1", ["replace 7 Y=c"], WEIR_CONTINUE), ("REPLACE Y:$1", ["replace 7 Y=c"], WEIR_CONTINUE), ("DUNNO", [], WEIR_CONTINUE),
    ("DISCARD", [], WEIR_DISCARD), ("PASS", [], WEIR_DONE), ("HOLD why", ["hold why"], WEIR_CONTINUE),
    ("REDIRECT a@b.test", ["redirect a@b.test"], WEIR_DONE), ("BCC a@b.test", ["add a@b.test NOTIFY=NEVER"], WEIR_CONTINUE),
  ])
  func does(action: String, edits: [String], verdict: Int) throws {
    let host = try host("{/^x: (.*)/ \(action)}")
    #expect(host.header("X", "c") == Int32(verdict))
    #expect(host.edits == edits)
    let word = action.prefix { $0 != " " }.lowercased()
    #expect(host.logged.map { $0.prefix { $0 != ":" } } == (word == "ignore" || word == "dunno" ? [] : [word[...]]))
  }

  /// A lenient table may have an action that cannot be done: as all that is wrong there, it is told and nothing happens.
  @Test func whatCannotBeDoneIsTold() throws {
    let host = try FakeHost([("header_checks", "lenient:regexp:{ {/^x:/ FILTER smtp:[::1]} }")])
    #expect(host.header("X", "c") == WEIR_CONTINUE)
    #expect(host.logged == ["regexp: rule 1: Weir has no FILTER yet"])
    #expect(throws: FakeHost.Refused.self) { try self.host("{/^x:/ FILTER smtp:[::1]}") }
  }

  @Test func foldedFieldsStayFolded() throws {
    let host = try host("{/^x: (.*)b(.*)/ REPLACE Y: $1$2}")
    _ = host.header("X", "a\r\n b\r\n c")
    _ = host.header("X", "a\n bc\n d")
    #expect(host.edits == ["replace 7 Y=a\n \n c", "replace 7 Y=a\n c\n d"])
    let cut = try self.host("{/^x: (a\n)/ REPLACE Y: ${1}z}")
    _ = cut.header("X", "a\n b")
    #expect(cut.edits == ["replace 7 Y=a\n\tz"])
  }

  @Test func aBlankThatIsNotThereIsNotSeen() throws {
    let host = try host("{/^x:y$/ WARN tight} {/^x: y$/ WARN spaced}")
    _ = host.tightHeader("X", "y")
    _ = host.header("X", "y")
    #expect(host.logged == ["warning: header X:y;: tight", "warning: header X: y;: spaced"])
  }

  @Test func bytesStayAsTheyAre() throws {
    let host = try host("{/^x: (.*)/ REPLACE Y: $1}")
    _ = host.header("X", [0xe9, 0x41])
    #expect(host.edits == ["replace 7 Y=<e9>A"])
  }

  @Test func whatAGroupMadeNoActionPasses() throws {
    let host = try host("{/^x: (.*)/ $1}")
    #expect(host.header("X", "nothing") == WEIR_CONTINUE)
    #expect(host.logged == ["regexp: rule 1: unknown action `nothing`"])
    #expect(host.header("X", "reject it") == WEIR_REJECT)
  }

  // MARK: Which table a line is looked up in

  @Test(arguments: [
    ("Subject", WEIR_EV_HEADER, 0, "a"), ("Content-Type", WEIR_EV_HEADER, 0, "b"), ("MIME-Version", WEIR_EV_HEADER, 0, "b"),
    ("Subject", WEIR_EV_PART_HEADER, 0, "b"), ("Content-ID", WEIR_EV_PART_HEADER, 0, "b"), ("Subject", WEIR_EV_PART_HEADER, WEIR_F_NESTED, "c"),
    ("Content-Type", WEIR_EV_PART_HEADER, WEIR_F_NESTED, "b"),
  ])
  func eachKindOfHeaderHasItsTables(name: String, kind: Int, flags: Int, which: String) throws {
    let options = ["header_checks": "a", "mime_header_checks": "b", "nested_header_checks": "c"].map { ($0.key, "static:{ REJECT \($0.value) }") }
    let host = try FakeHost(options)
    #expect(host.header(name, "x", kind: kind, flags: flags) == WEIR_REJECT)
    #expect(host.reply == "550 5.7.1 \(which)")
  }

  @Test(arguments: ["IGNORE", "STRIP x", "PREPEND X: y", "REPLACE X: y"])
  func linesOfPartsStay(action: String) throws {
    let host = try host("{/^content-id:/ \(action)}")
    #expect(host.header("Content-ID", "<a>", kind: WEIR_EV_PART_HEADER, reference: 0) == WEIR_CONTINUE)
    #expect(host.edits == [])
    #expect(host.logged == ["regexp: rule 1: \(action.prefix { $0 != " " }): header lines of parts cannot be changed yet"])
  }

  @Test(arguments: [
    ([("header_checks", "static:IGNORE")], [WEIR_EV_HEADER, WEIR_EV_PART_HEADER]),
    ([("header_checks", "static:IGNORE"), ("mime_header_checks", "option:header_checks")], [WEIR_EV_HEADER, WEIR_EV_PART_HEADER]),
    ([("header_checks", "static:IGNORE"), ("mime_header_checks", ""), ("nested_header_checks", "")], [WEIR_EV_HEADER]),
    ([("mime_header_checks", "static:IGNORE")], [WEIR_EV_HEADER, WEIR_EV_PART_HEADER]),
    ([("nested_header_checks", "static:IGNORE")], [WEIR_EV_PART_HEADER]),
    ([("header_checks", "")], []), ([], []),
  ])
  func wantsWhatItsTablesAreFor(options: [(String, String)], events: [Int]) throws {
    #expect(try FakeHost(options).events == events.reduce(0) { $0 | 1 << UInt64($1) })
  }

  // MARK: Loading

  /// conf/header_checks, as it is given to users.
  @Test(arguments: [
    ("Subject", "You won the LOTTERY", "550 5.7.1 no such mails, please"), ("Subject", "I love you", "550 5.7.1 No such spam please"),
    ("To", "i love you <a@b.test>", nil), ("Content-Type", "a/b;\r\n\tname=\"virus.EXE\"", "550 5.7.1 open formats only: no .EXE files"),
    ("Content-Disposition", "attachment; filename=x.pif; size=3", "550 5.7.1 open formats only: no .pif files"),
    ("Content-Disposition", "attachment; filename=\"report.executive.pdf\"", nil), ("X-Mailer", "x.exe", nil),
  ])
  func theRulesToBeginWith(name: String, value: String, reply: String?) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized.path
    let host = try FakeHost([("header_checks", "regexp:\(root)/conf/header_checks")])
    #expect(host.header(name, value) == (reply == nil ? WEIR_CONTINUE : WEIR_REJECT))
    #expect(host.reply == reply)
  }

  @Test func readsFilesInOrder() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("header-checks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (first, second) = (folder.appendingPathComponent("first").path, folder.appendingPathComponent("second").path)
    try "# one\n/^x-a:/ WARN\n".write(toFile: first, atomically: true, encoding: .utf8)
    try "/^x-/ IGNORE\n".write(toFile: second, atomically: true, encoding: .utf8)
    let host = try FakeHost([("header_checks", "regexp:\(first)"), ("header_checks", "pcre:\(second)")])
    _ = host.header("X-A", "b")
    #expect(host.properties["header_checks.rule"] == "\(first):2")
    _ = host.header("X-B", "b")
    #expect(host.properties["header_checks.rule"] == "\(second):1")
    #expect(host.edits == ["delete 7"])
  }

  @Test func saysWhereARuleIsWrong() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("header-checks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("rules").path
    try "/a/ REJCT no\n/b(/ REJECT\n".write(toFile: path, atomically: true, encoding: .utf8)
    #expect {
      _ = try FakeHost([("header_checks", "regexp:\(path)")])
    } throws: { error in
      let reason = (error as? FakeHost.Refused)?.reason
      #expect(
        reason
          == "\(path):1:5: unknown action `REJCT` (did you mean `REJECT`?); "
          + "\(path):2:3: this pattern does not compile: Unmatched ( or \\( (did you mean `/b()/`?)")
      return true
    }
    #expect(throws: FakeHost.Refused.self) { try FakeHost([("header_checks", "regexp:/nonexistent")]) }
    #expect(throws: FakeHost.Refused.self) { try FakeHost([("header_checks", "regexp:\(folder.path)")]) }
  }
}
