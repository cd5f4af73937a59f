// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

@testable import Settings

@Suite struct EditorTests {
  private static let text = """
    # Who we are.
    myhostname = mail.example.com
    mydomain=example.com
    mydestination = $myhostname, localhost,
    # an old name
        old.example.com
    #smtpd_banner = $myhostname ESMTP

    listener submission {
      port = 587   # for users
      smtpd_banner = "a # b"
    }
    include more.conf

    """

  private func edit(
    _ edits: [ConfigurationEdit], _ text: String = text, more: String = "smtpd_timeout = 10s\n"
  ) throws(EditError) -> [String: String] {
    var editor = ConfigurationEditor(path: "/f", files: MemoryFiles(["/f": text, "/more.conf": more]))
    for edit in edits { try editor.perform(edit) }
    return Dictionary(uniqueKeysWithValues: editor.changes.map { ($0.path, String(decoding: $0.new, as: UTF8.self)) })
  }

  private func set(_ name: String, _ value: String) throws -> ConfigurationEdit { .set(try #require(SettingPlace(name)), value) }

  /// One line becomes another, and nothing else changes.
  @Test(arguments: [
    ("myhostname", "a.example", "myhostname = mail.example.com", "myhostname = a.example"),
    ("mydomain", "b.example", "mydomain=example.com", "mydomain=b.example"),
    ("mydomain", "", "mydomain=example.com", "mydomain="),
    ("submission/port", "465", "port = 587   # for users", "port = 465   # for users"),
    ("submission/smtpd_banner", "x", "\"a # b\"", "x"), ("submission/smtpd_banner", "c\"# \\", "\"a # b\"", "\"c\\\"# \\\\\""),
    ("submission/backlog", "5", "  smtpd_banner = \"a # b\"\n", "  smtpd_banner = \"a # b\"\n  backlog = 5\n"),
    ("smtpd_banner", "x", "#smtpd_banner = $myhostname ESMTP\n", "#smtpd_banner = $myhostname ESMTP\nsmtpd_banner = x\n"),
    ("biff", "no", "include more.conf\n", "include more.conf\nbiff = no\n"),
    (
      "mydestination", "a.example,\nb.example", "mydestination = $myhostname, localhost,\n# an old name\n    old.example.com\n",
      "mydestination = a.example,\n    b.example\n# an old name\n"
    ),
  ])
  func sets(name: String, value: String, old: String, new: String) throws {
    #expect(try edit([set(name, value)]) == ["/f": Self.text.replacing(old, with: new)])
  }

  @Test func changesTheFileInWhichItCounts() throws {
    #expect(try edit([set("smtpd_timeout", "20s")]) == ["/more.conf": "smtpd_timeout = 20s\n"])
    // The last one wins, so that is the one to change.
    #expect(try edit([set("mydomain", "c.example")], "mydomain = a\nmydomain = b\n") == ["/f": "mydomain = a\nmydomain = c.example\n"])
  }

  @Test func whatIsThereAlreadyIsNoChange() throws {
    #expect(try edit([set("myhostname", "mail.example.com")]) == [:])
  }

  @Test func commentsOut() throws {
    let place = try #require(SettingPlace("mydestination"))
    let expected = Self.text.replacing("mydestination", with: "#mydestination").replacing("    old", with: "#    old")
    #expect(try edit([.commentOut(place)]) == ["/f": expected])
    let port = try #require(SettingPlace("submission/port"))
    #expect(try edit([.commentOut(port)]) == ["/f": Self.text.replacing("  port", with: "#  port")])
  }

  @Test func removesEveryOccurrence() throws {
    let place = try #require(SettingPlace("smtpd_timeout"))
    let found = try edit([.remove(place)], "smtpd_timeout = 1s\nx = $y\n  z\nsmtpd_timeout =\n 2s\ninclude more.conf\n")
    #expect(found == ["/f": "x = $y\n  z\ninclude more.conf\n", "/more.conf": ""])
    let port = try #require(SettingPlace("a/port"))
    #expect(try edit([.remove(port)], "listener a { port = 25 }\n") == ["/f": "listener a {  }\n"])
  }

  @Test func keepsWhatTheTextIsLike() throws {
    #expect(try edit([set("mydomain", "b"), set("biff", "no")], "mydomain = a\r\n") == ["/f": "mydomain = b\r\nbiff = no\r\n"])
    #expect(try edit([set("biff", "no")], "mydomain = a") == ["/f": "mydomain = a\nbiff = no\n"])
    #expect(try edit([set("biff", "no")], "") == ["/f": "biff = no\n"])
    // A comment between the lines of a value is no place for another setting.
    #expect(try edit([set("biff", "no")], "x = a,\n#biff = yes\n  b\n") == ["/f": "x = a,\n#biff = yes\n  b\nbiff = no\n"])
    #expect(try edit([set("biff", "no")], "listener a {\n#biff = yes\n}\n") == ["/f": "listener a {\n#biff = yes\n}\nbiff = no\n"])
  }

  @Test func saysWhatCannotBe() throws {
    let missing = try #require(SettingPlace("biff"))
    #expect(throws: EditError.notSet("biff")) { try edit([.remove(missing)]) }
    #expect(throws: EditError.noListener("smtps")) { try edit([set("smtps/port", "1")]) }
    #expect(throws: EditError.onOneLine("a/backlog")) { try edit([set("a/backlog", "1")], "listener a { port = 25 }\n") }
    // A continuation that is a comment would not be read.
    #expect(throws: EditError.unwritable("mydestination")) { try edit([set("mydestination", "a,\n#b")]) }
    let editor = {
      var editor = ConfigurationEditor(path: "/none", files: MemoryFiles()); try editor.perform(.remove(missing))
    }
    #expect(throws: EditError.unreadable("cannot read `/none`: No such file or directory")) { try editor() }
  }

  @Test(arguments: ["", "a b", "a=b", "a/b/c", "/a", "a/", "{", "ä"])
  func noNameOfASetting(text: String) {
    #expect(SettingPlace(text) == nil)
  }
}
