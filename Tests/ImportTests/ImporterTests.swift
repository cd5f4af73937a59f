// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Import
import Settings
import Testing

/// Rules of the import that need no whole machine.
@Suite struct ImporterTests {
  private func result(_ files: [String: String], dovecot: Bool = false) throws -> ImportResult {
    let request = ImportRequest(postfixFolder: "/p/", dovecotFolder: dovecot ? "/d" : nil, outputFolder: "/out")
    let facts = HostFacts(hostName: "mail.example.com", processors: 1)
    return try Importer.run(request, files: MemoryFiles(files), facts: facts).get()
  }

  private func weirConf(_ main: String, _ others: [String: String] = [:]) throws -> [String] {
    let files = others.merging(["/p/main.cf": "compatibility_level = 3.6\n" + main]) { $1 }
    let file = try #require(try result(files).files.first { $0.path == "weir.conf" })
    return String(decoding: file.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func item(_ subject: String, _ result: ImportResult) throws -> ReportItem {
    try #require(result.report.ledger.items.first { $0.subject?.hasPrefix(subject) ?? false })
  }

  @Test func withoutMainCfThereIsNothing() {
    let request = ImportRequest(postfixFolder: "/p", dovecotFolder: nil, outputFolder: "/out")
    let outcome = Importer.run(request, files: MemoryFiles(), facts: HostFacts(hostName: "x", processors: 1))
    #expect(throws: ImportFailure.self) { try outcome.get() }
  }

  @Test func theLastSettingOfANameCounts() throws {
    let lines = try weirConf("myhostname = a.test\nmyhostname = b.test\n")
    #expect(lines.contains("myhostname = b.test") && !lines.contains("myhostname = a.test"))
  }

  @Test func namesThatOnlyPostfixHasAreReplaced() throws {
    let files = ["/p/boxes": "a@weir.test a/\n"]
    let main =
      "virtual_mailbox_domains = weir.test\nvirtual_mailbox_base = /m\nvirtual_mailbox_maps = ${default_database_type}:$config_directory/boxes\n"
    #expect(try weirConf(main, files).contains("virtual_mailbox_maps = hash:$table_directory/boxes"))
  }

  @Test func tablesOfTheSameNameStayApart() throws {
    let files = ["/p/a/boxes": "a@weir.test a/\n", "/p/b/boxes": "b@weir.test b/\n"]
    let main = "virtual_mailbox_domains = weir.test\nvirtual_mailbox_base = /m\nvirtual_mailbox_maps = hash:/p/a/boxes, hash:/p/b/boxes\n"
    #expect(try weirConf(main, files).contains("virtual_mailbox_maps = hash:$table_directory/boxes, hash:$table_directory/boxes-2"))
  }

  @Test func oneElementThatCannotBeReadIsLeftOut() throws {
    #expect(try weirConf("mynetworks = 127.0.0.0/8 nonsense/99 10.0.0.0/8\n").contains("mynetworks = 127.0.0.0/8 10.0.0.0/8"))
  }

  @Test func defaultsOfOldLevelsAreWritten() throws {
    let result = try result(["/p/main.cf": "mydestination = a.test\n"])
    let text = String(decoding: try #require(result.files.first).bytes, as: UTF8.self)
    #expect(text.contains("append_dot_mydomain = yes\n") && text.contains("relay_domains = $mydestination\n"))
  }

  @Test func portsOfMasterCfBecomeListeners() throws {
    let master = "smtp inet n - y - - smtpd\nsubmission inet n - y - 7 smtpd\n  -o smtpd_tls_security_level=encrypt\n"
    let lines = try weirConf("", ["/p/master.cf": master])
    #expect(lines.contains("listener smtp {") && lines.contains("  port = 25"))
    #expect(
      lines.contains("listener submission {") && lines.contains("  smtpd_tls_security_level = encrypt")
        && lines.contains("  smtpd_connection_limit = 7"))
  }

  /// Two services on one port cannot be: the second is refused, and nothing of it stays.
  @Test func aPortTwiceIsRefused() throws {
    let result = try result(["/p/main.cf": "", "/p/master.cf": "smtp inet n - y - - smtpd\n25 inet n - y - - smtpd -o smtpd_helo_required=yes\n"])
    #expect(try item("25 inet", result).verdict == .refused)
    #expect(try item("smtp inet", result).verdict == .translated)
  }

  @Test func includesOfDovecotAreReadOnce() throws {
    let files = [
      "/p/main.cf": "", "/d/dovecot.conf": "!include dovecot.conf\n!include conf.d/*.conf\n!include_try none.conf\n",
      "/d/conf.d/a.conf": "ssl = no\n",
    ]
    let ledger = try result(files, dovecot: true).report.ledger
    #expect(ledger.inputs.map(\.path) == ["/p/main.cf", "/d/dovecot.conf", "/d/conf.d/a.conf"])
  }

  @Test func bytesThatAreNoTextDoNoHarm() throws {
    let junk = (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 / 7) }
    let request = ImportRequest(postfixFolder: "/p", dovecotFolder: "/d", outputFolder: "/out")
    let files = MemoryFiles(bytes: ["/p/main.cf": junk, "/p/master.cf": junk, "/d/dovecot.conf": junk])
    let outcome = try Importer.run(request, files: files, facts: HostFacts(hostName: "x", processors: 1)).get()
    #expect(!outcome.report.ledger.items.isEmpty)
  }
}
