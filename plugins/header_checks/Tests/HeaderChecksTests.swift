// SPDX-License-Identifier: Apache-2.0
import CWeir
import Diagnostics
import Foundation
import Rules
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
    #expect(host.properties["header_checks.rule"] == "header_checks rule 1")
    #expect(host.properties["header_checks.matched"] == "Subject: LOTTERY\n\t1")
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
    #expect(LogContext.line("info", .header, "X: y", "z") { _ in nil } == "info: header X: y;: z")
  }

  @Test(arguments: [
    ("IGNORE", ["delete 7"], WEIR_CONTINUE), ("STRIP why", ["delete 7"], WEIR_CONTINUE), ("PREPEND X-A: b $1", ["before 7 X-A=b c"], WEIR_CONTINUE),
    ("REPLACE Y: $1", ["replace 7 Y=c"], WEIR_CONTINUE), ("REPLACE Y:$1", ["replace 7 Y=c"], WEIR_CONTINUE), ("DUNNO", [], WEIR_CONTINUE),
    ("DISCARD", [], WEIR_DISCARD), ("PASS", [], WEIR_DONE), ("HOLD why", ["hold why"], WEIR_CONTINUE),
    ("REDIRECT a@b.test", ["redirect a@b.test"], WEIR_DONE), ("BCC a@b.test", ["add a@b.test NOTIFY=NEVER"], WEIR_CONTINUE),
    ("FILTER smtp:[::1]:$1", ["nexthop smtp:[::1]:c"], WEIR_CONTINUE),
  ])
  func does(action: String, edits: [String], verdict: Int) throws {
    let host = try host("{/^x: (.*)/ \(action)}")
    #expect(host.header("X", "c") == Int32(verdict))
    #expect(host.edits == edits)
    let word = action.prefix { $0 != " " }.lowercased()
    #expect(host.logged.map { $0.prefix { $0 != ":" } } == (word == "ignore" || word == "dunno" ? [] : [word[...]]))
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
    #expect(host.logged == ["header_checks rule 1: unknown action `nothing`"])
    #expect(host.header("X", "reject it") == WEIR_REJECT)
  }

  @Test func whatWeirAddsIsNotLookedAt() throws {
    let host = try host("{/./ WARN}")
    _ = host.header("Date", "x", flags: WEIR_F_ADDED)
    #expect(host.logged == [])
    _ = host.header("Received", "x", flags: WEIR_F_ADDED)
    #expect(host.logged == ["warning: header Received: x;"])
  }

  @Test func encodedWordsAreLookedUpDecodedToo() throws {
    let rule = ("header_checks", "regexp:{ {/lottery/ REJECT no} {/=\\?utf-8/ WARN} }")
    let encoded = "=?utf-8?B?bG90dGVyeQ==?="
    let plain = try FakeHost([rule])
    #expect(plain.header("Subject", encoded) == WEIR_CONTINUE)
    let decoding = try FakeHost([("header_checks", "regexp:{ {/lottery/ REJECT no} }"), ("decoded", "yes")])
    #expect(decoding.header("Subject", encoded) == WEIR_REJECT)
    #expect(decoding.properties["header_checks.matched"] == "Subject: lottery")
    #expect(decoding.logged.first?.contains("header Subject: \(encoded)") == true)
    // The line as it came is looked up first.
    #expect(try FakeHost([rule, ("decoded", "yes")]).header("Subject", encoded) == WEIR_CONTINUE)
  }

  // MARK: Which table a line is looked up in

  static let options = ["header_checks": "a", "mime_header_checks": "b", "nested_header_checks": "c"].map {
    ($0.key, "static:{ REJECT \($0.value) }")
  }

  @Test(arguments: [("Subject", "a"), ("Content-Type", "b"), ("MIME-Version", "b")])
  func eachKindOfHeaderHasItsTables(name: String, which: String) throws {
    let host = try FakeHost(Self.options)
    #expect(host.header(name, "x") == WEIR_REJECT)
    #expect(host.reply == "550 5.7.1 \(which)")
  }

  private static let mixed = "multipart/mixed; boundary=b"

  @Test(arguments: [
    (mixed, "--b\nSubject: x\n\n--b--\n", "b"), (mixed, "--b\n\nSubject: x\n", nil), ("message/rfc822", "Subject: x\n\ny\n", "c"),
    ("message/rfc822", "Content-Type: text/plain\n\n", "b"), ("text/plain", "Subject: x\n\ny\n", nil),
    (mixed, "--b\nContent-Type: message/rfc822\n", "b"),
  ])
  func partsAndAttachedMessagesToo(type: String, body: String, which: String?) throws {
    let host = try FakeHost([("header_checks", "regexp:{ {/^none:/ WARN} }")] + Self.options.filter { $0.0 != "header_checks" })
    host.content = "Content-Type: \(type)\n\n\(body)"
    _ = host.header("Content-Type", type)
    host.clear()
    #expect(host.end() == (which == nil ? WEIR_CONTINUE : WEIR_REJECT))
    #expect(host.reply == which.map { "550 5.7.1 \($0)" })
  }

  @Test(arguments: [
    ("IGNORE", ["splice 4 16 "]), ("STRIP x", ["splice 4 16 "]), ("PREPEND X: y", ["splice 4 0 X: y\n"]), ("REPLACE X: $1", ["splice 4 15 X: <a>"]),
  ])
  func linesOfPartsAreEdited(action: String, edits: [String]) throws {
    let host = try host("{/^content-id: *([^>]*>)/ \(action)}")
    host.content = "Content-Type: \(Self.mixed)\n\n--b\nContent-ID: <a>\n\n\n--b--\n"
    _ = host.header("Content-Type", Self.mixed)
    #expect(host.end() == WEIR_CONTINUE)
    #expect(host.edits == edits)
  }

  @Test(arguments: [
    ([("header_checks", "static:IGNORE")], [WEIR_EV_HEADER, WEIR_EV_EOM]),
    ([("header_checks", "static:IGNORE"), ("mime_header_checks", "option:header_checks")], [WEIR_EV_HEADER, WEIR_EV_EOM]),
    ([("header_checks", "static:IGNORE"), ("mime_header_checks", ""), ("nested_header_checks", "")], [WEIR_EV_HEADER]),
    ([("mime_header_checks", "static:IGNORE")], [WEIR_EV_HEADER, WEIR_EV_EOM]),
    ([("nested_header_checks", "static:IGNORE")], [WEIR_EV_HEADER, WEIR_EV_EOM]),
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
    ("Content-Disposition", "attachment; filename*=utf-8''virus.exe", "550 5.7.1 open formats only: no .exe files"),
    ("Content-Disposition", "attachment; filename*0=vi; filename*1=rus.exe", "550 5.7.1 open formats only: no .exe files"),
    ("Content-Disposition", "attachment; filename=\"report.executive.pdf\"", nil), ("X-Mailer", "x.exe", nil),
  ])
  func theRulesToBeginWith(name: String, value: String, reply: String?) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..").standardized.path
    let host = try FakeHost([
      ("header_checks", "regexp:\(root)/conf/header_checks"), ("mime_header_checks", "regexp:\(root)/conf/mime_header_checks"),
    ])
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
