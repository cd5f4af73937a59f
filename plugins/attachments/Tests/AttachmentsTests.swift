// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AttachmentStage

/// What the stage does with what it finds, by its options.
@Suite struct AttachmentsTests {
  private func mail(_ name: String = "virus.exe", _ content: String = "x", type: String = "application/octet-stream", more: String = "") -> String {
    "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\nbefore\n--b\nContent-Type: text/plain\n\nHello\n"
      + "--b\nContent-Type: \(type); name=\"\(name)\"\nContent-Disposition: attachment; filename=\"\(name)\"\n\n\(content)\n\(more)--b--\nbehind\n"
  }

  @Test func refuses() throws {
    let found = try Rehearsed(mail())
    #expect(found.verdict == "REJECT")
    #expect(found.reply == "550 5.7.1 attachment \"virus.exe\" is not accepted here (program)")
    #expect(
      found.log == [
        "reject: attachment virus.exe (refuse_extensions: exe) from client.example[192.0.2.1]; from=<sender@example.com> proto=ESMTP helo=<client.example>: "
          + "attachment \"virus.exe\" is not accepted here (program)"
      ])
    #expect(found.edits.contains { $0.contains("attachments.rule") && $0.contains("refuse_extensions: exe") })
    #expect(found.edits.contains { $0.contains("attachments.matched") && $0.contains("virus.exe") })
  }

  @Test func discards() throws {
    #expect(try Rehearsed(mail("a.foo"), [("discard_extensions", "foo")]).verdict == "DISCARD")
  }

  @Test func holds() throws {
    let found = try Rehearsed(mail("a.foo"), [("hold_extensions", ".foo *.bar")])
    #expect(found.verdict == "CONTINUE")
    #expect(found.edits.contains { $0.contains("hold") && $0.contains("a.foo") }, "\(found.edits)")
  }

  @Test func marks() throws {
    let found = try Rehearsed(mail("a.foo"), [("tag_extensions", "foo")])
    #expect(found.lines.joined(separator: "\n").contains("X-Attachments: tag_extensions: foo; \"a.foo\""), "\(found.lines)")
  }

  @Test func takesOut() throws {
    let message = Array(mail("a.foo", "secret").utf8)
    let start = message.split(separator: 0x0a, maxSplits: 4, omittingEmptySubsequences: false).last ?? []
    let body = Array(start)
    try body.withUnsafeBytes { bytes in
      let policy = try Policy(Given(options: [("strip_extensions", "foo")]))
      let survey = Survey(header: [(Array("Content-Type".utf8), Array("multipart/mixed; boundary=b".utf8))], body: bytes, policy: policy)
      let removal = try #require(Removal(survey.findings.all, bytes))
      let text = String(decoding: removal.body, as: UTF8.self)
      #expect(!text.contains("secret") && !text.contains("filename"))
      #expect(
        text.hasPrefix("before\n--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: text/plain; charset=utf-8\n"), "\(text)")
      #expect(
        text.contains(
          "The attachment \"a.foo\" was taken out of this message on its way: it is not accepted here\n(name ends in .foo; strip_extensions: foo).\n")
      )
      #expect(text.hasSuffix("\n--b--\nbehind\n"))
    }
    let found = try Rehearsed(message, [("strip_extensions", "foo")])
    #expect(found.verdict == "CONTINUE" && found.edits.contains { $0.contains("body") }, "\(found.lines)")
  }

  /// The defaults of everything but the lists.
  private struct Given: OptionSource {
    let options: [(String, String)]
    func all(_ name: String) -> [String] { options.filter { $0.0 == name }.map(\.1) }
    func string(_ name: String) -> String { "pass" }
    func bool(_ name: String) -> Bool { false }
    func int(_ name: String) -> Int { 1 }
  }

  @Test func takesOutTheMessageItself() throws {
    let found = try Rehearsed(
      "Subject: a\nContent-Type: application/octet-stream; name=a.foo\nContent-Transfer-Encoding: base64\n\nAAAA\n", [("strip_extensions", "foo")])
    #expect(found.verdict == "CONTINUE")
    let text = found.lines.joined(separator: "\n")
    #expect(text.contains("header now:\nSubject: a\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit"), "\(text)")
  }

  @Test func takesOutLinesOfAText() throws {
    let found = try Rehearsed("Subject: a\n\nHello\nbegin 644 a.foo\n#0V%T\n`\nend\nBye\n", [("strip_extensions", "foo")])
    #expect(found.verdict == "CONTINUE" && found.edits.contains { $0.contains("body") }, "\(found.lines)")
  }

  @Test func theSeverestDecides() throws {
    let more = "--b\nContent-Type: a/b; name=b.bar\n\n\n"
    let options = [("strip_extensions", "foo"), ("hold_extensions", "bar")]
    #expect(try Rehearsed(mail("a.foo", more: more), options).edits.contains { $0.contains("hold") })
    #expect(try Rehearsed(mail("a.foo", more: more), options + [("refuse_extensions", "foo2 bar2")]).verdict == "CONTINUE")
    #expect(try Rehearsed(mail("a.foo", more: more), [("strip_extensions", "foo"), ("refuse_extensions", "bar")]).verdict == "REJECT")
  }

  @Test(arguments: [
    ("virus.exe", [("refuse_extensions", "default -exe")], "CONTINUE"), ("virus.exe", [("refuse_extensions", "")], "CONTINUE"),
    ("a.pdf", [("refuse_extensions", "default pdf")], "REJECT"), ("virus.com", [("refuse_extensions", "default, -exe")], "REJECT"),
    ("a.exe.pdf", [("double_extensions", "refuse")], "REJECT"), ("a.executive.pdf", [("double_extensions", "refuse")], "CONTINUE"),
    ("a\u{202e}b.pdf", [("reversed_names", "pass")], "CONTINUE"), ("virus.exe", [("hold_extensions", "exe")], "CONTINUE"),
  ])
  func lists(name: String, options: [(String, String)], verdict: String) throws {
    #expect(try Rehearsed(mail(name), options).verdict == verdict)
  }

  @Test(arguments: [
    ([("refuse_types", "")], "CONTINUE"), ([("refuse_types", "default -script")], "CONTINUE"), ([("refuse_types", "script")], "REJECT"),
    ([("archives", "no")], "REJECT"),
  ])
  func types(options: [(String, String)], verdict: String) throws {
    #expect(try Rehearsed(mail("a.txt", "#!/bin/sh\n"), options).verdict == verdict)
  }

  @Test func mimeTypes() throws {
    #expect(try Rehearsed(mail("a.mp4", type: "video/mp4"), [("refuse_mime_types", "video/*")]).verdict == "REJECT")
    #expect(try Rehearsed(mail("a.mp4", type: "video/mp4"), [("refuse_mime_types", "video/ogg")]).verdict == "CONTINUE")
  }

  @Test func limitsHaveTwoSides() throws {
    #expect(try Rehearsed(mail("a.txt"), [("attachment_count_limit", "1")]).verdict == "CONTINUE")
    let second = "--b\nContent-Type: a/b; name=b.txt\n\n\n"
    #expect(try Rehearsed(mail("a.txt", more: second), [("attachment_count_limit", "2")]).verdict == "CONTINUE")
    #expect(
      try Rehearsed(mail("a.txt", more: second), [("attachment_count_limit", "1")]).reply
        == "550 5.7.1 attachment \"b.txt\" is not accepted here (more than 1 attachments)")
    #expect(try Rehearsed(mail("a.txt", "12345"), [("attachment_size_limit", "5")]).verdict == "CONTINUE")
    #expect(try Rehearsed(mail("a.txt", "123456"), [("attachment_size_limit", "5")]).rule == "attachment_size_limit")
  }

  @Test(arguments: [
    ([("refuse_extensions", "a*b")], "refuse_extensions: `a*b` is no extension, such as exe"),
    (
      [("hold_types", "pee")],
      "hold_types: there is no type `pee`; the types are archive, compound, compressed, dex, disk-image, elf, help, installer, java, mach-o, macro, onenote, pe, script, shortcut, tnef, windows-script, zip"
    ),
    ([("tag_mime_types", "pdf")], "tag_mime_types: `pdf` is no MIME type, such as application/zip or image/*"),
    ([("encrypted", "never")], "encrypted: `never` is none of pass, tag, strip, hold, discard, refuse"),
    ([("hold_extensions", "foo"), ("tag_extensions", "foo")], "`foo` is in tag_extensions and in hold_extensions"),
    ([("archive_depth_limit", "0")], "archive_depth_limit: must be more than 0, not 0"),
  ])
  func saysWhatIsWrong(options: [(String, String)], reason: String) throws {
    #expect {
      _ = try Rehearsed(mail(), options)
    } throws: { error in
      let found = (error as? Rehearsed.Refused)?.reason ?? ""
      #expect(found.contains(reason), "\(found)")
      return true
    }
  }

  // MARK: Names for people

  @Test func namesAreShort() {
    let rule = Policy.Rule(deed: .refuse, name: "x", reason: "program")
    let long = Finding(rule: rule, path: [String(repeating: "ä", count: 300) + ".exe"], place: nil)
    #expect(long.matched.utf8.count <= 200 && long.matched.hasSuffix(".exe"))
    #expect(long.text.count < 150)
    #expect(Finding(rule: rule, path: ["C:\\x\\a.exe"], place: nil).text == "attachment \"a.exe\" is not accepted here (program)")
    #expect(Finding(rule: rule, path: ["a.zip", "b/c.exe"], place: nil).text == "attachment \"a.zip\" is not accepted here (c.exe in it: program)")
    #expect(Finding(rule: rule, path: ["a.zip", "b/c.exe"], place: nil).matched == "a.zip/b/c.exe")
  }

  /// What is only marked hides nothing that comes after it.
  @Test func everyAttachmentIsLookedInto() throws {
    let zip =
      "Content-Transfer-Encoding: base64\n\nUEsDBBQAAAAAAAAAIVwAAAAAAAAAAAAAAAAJAAAAdmlydXMuZXhlUEsBAhQAFAAAAAAAAAAhXAAAAAAAAAAAAAAAAAkAAAAAAAAAAAAAAAAAAAAAAHZpcnVzLmV4ZVBLBQYAAAAAAQABADcAAAAnAAAAAAA="
    let broken = "Content-Transfer-Encoding: base64\n\nN3q8ryccAAQ="
    let message =
      "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b; name=a.7z\n\(broken)\n--b\nContent-Type: a/b; name=b.zip\n\(zip)\n--b--\n"
    #expect(try Rehearsed(message).rule == "broken")
    #expect(try Rehearsed(message, [("broken", "tag")]).reply == "550 5.7.1 attachment \"b.zip\" is not accepted here (virus.exe in it: program)")
  }

  // MARK: Bounds

  @Test(arguments: [
    ("archive_depth_limit", "2", "over_limit: depth"), ("archive_entry_limit", "2", "over_limit: entries"),
    ("archive_size_limit", "60", "over_limit: size"),
  ])
  func archivesAreBounded(option: String, value: String, rule: String) throws {
    let message = try Corpus.read("ok-nested-zips.eml")
    #expect(try Rehearsed(message, [(option, value)]).rule == rule)
  }
}
