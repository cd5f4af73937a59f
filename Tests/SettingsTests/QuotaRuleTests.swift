// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Settings
import Testing

@Suite struct QuotaRuleTests {
  @Test(arguments: [
    ("*:storage=1G", Int64(1 << 30), Int64(0)), ("*:storage=100", 102_400, 0), ("*:bytes=100", 100, 0), ("*:messages=5", 0, 5),
    ("*:storage=1M:messages=10", 1 << 20, 10), ("*:bytes=2k", 2048, 0), ("*:storage=0", 0, 0), ("*:storage=5B", 5, 0), ("*:storage=1T", 1 << 40, 0),
    ("Trash:storage=+1M", 1 << 20, 0), ("Trash:storage=1M", 1 << 20, 0),
  ])
  func limits(_ text: String, _ bytes: Int64, _ messages: Int64) throws {
    let rule = try QuotaRule(text)
    #expect(rule.bytes == .number(bytes))
    #expect(rule.messages == .number(messages))
    #expect(!rule.isIgnored)
  }

  @Test func partsAndWhatDoesNotCount() throws {
    #expect(try QuotaRule("A b:storage=+10%:messages=5%%").bytes == .percent(10))
    #expect(try QuotaRule("A b:storage=+10%:messages=5%%").messages == .percent(5))
    #expect(try QuotaRule("Trash:ignore").isIgnored)
  }

  @Test(arguments: [
    ("", QuotaRule.Fault.noMailbox), ("*", .noMailbox), (":storage=1", .noMailbox), ("*:size=1", .unknownLimit("size")),
    ("*:1G", .unknownLimit("1G")),
    ("*:storage=", .noNumber("")), ("*:storage=x", .noNumber("x")), ("*:storage=-1", .noNumber("-1")), ("*:storage=1X", .noNumber("1X")),
    ("*:bytes=9223372036854775808", .noNumber("9223372036854775808")), ("*:storage=9007199254740992", .noNumber("9007199254740992")),
    ("*:storage=+1M", .noNumber("+1M")), ("*:storage=10%", .noNumber("10%")), ("A:storage=%", .noNumber("%")),
    ("A:storage=1000001%", .noNumber("1000001%")),
    ("A:storage=10%%%", .noNumber("10%%%")), ("A:storage=++1", .noNumber("+1")),
  ])
  func faults(_ text: String, _ fault: QuotaRule.Fault) { #expect(throws: fault) { try QuotaRule(text) } }
}

/// What Dovecot 2.3.19 does with the same words was tried with its dovecot-lda and imap.
@Suite struct QuotaLimitsTests {
  private func limits(_ text: String) throws -> QuotaLimits? {
    let result = Configuration.load(SourceText(name: "f", text: text), files: MemoryFiles(), facts: HostFacts(hostName: "mail.example.com"))
    let configuration = try #require(result.configuration, "\(DiagnosticText().render(result.diagnostics))")
    return try QuotaLimits.read(configuration.values)
  }

  private func made(_ bytes: Int64, _ messages: Int64 = 0, grace: Int64 = 0, mailSize: Int64 = 0, ignored: [String] = []) -> QuotaLimits {
    var limits = QuotaLimits()
    (limits.bytes, limits.messages, limits.grace, limits.mailSize, limits.ignored) = (bytes, messages, grace, mailSize, ignored)
    return limits
  }

  @Test(arguments: [
    "", "quota_rule = Trash:storage=+1M\n", "quota_rule = *:storage=0\n", "quota_storage_size = unlimited\n", "quota_mail_size = 0\n",
  ])
  func nothingIsLimited(_ text: String) throws { #expect(try limits(text) == nil) }

  @Test func versionTwoThree() throws {
    let plugin = """
      plugin {
        quota = maildir:User quota
        quota_rule = *:storage=1M:messages=100
        quota_rule2 = Trash:ignore
        quota_rule3 = INBOX:storage=+50%
        quota_rule4 = Sent:storage=+100M
        quota_grace = 10%%
        quota_max_mail_size = 2M
      }
      """
    #expect(try limits(plugin) == made(3 << 19, 100, grace: 157_286, mailSize: 2 << 20, ignored: ["Trash"]))
    #expect(
      try limits("quota_rule = *:storage=1M, Junk:ignore, A, b:ignore\n".replacing("A, ", with: ""))
        == made(1 << 20, grace: 104_857, ignored: ["Junk", "b"]))
    #expect(try limits("quota_rule = *:storage=1M\nquota_rule2 = *:storage=2M\nquota_grace = 0\n") == made(2 << 20))
    // As Dovecot, which adds what is said without a sign as well.
    #expect(try limits("quota_rule = *:storage=1M, INBOX:storage=3M\nquota_grace = 1M\n") == made(4 << 20, grace: 1 << 20))
    #expect(try limits("quota_rule = *:storage=1M, INBOX:ignore\n") == nil)
    #expect(try limits("quota_rule = *:storage=1M\nquota = maildir:User quota:noenforcing\n") == nil)
    #expect(try limits("quota_rule = *:storage=1M\nquota = fs:User quota\n") == nil)
    #expect(try limits("quota_rule = *:storage=1M\nquota = maildir:Public:ns=Public/\n") == nil)
    #expect(try limits("quota_rule = *:storage=1M\nquota = count:User quota\n") != nil)
  }

  @Test func versionTwoFour() throws {
    let block = """
      quota "User quota" {
        driver = maildir
        storage_size = 1G
        quota_storage_percentage = 110
        storage_extra = 10M
        message_count = 1000
      }
      """
    #expect(try limits(block) == made((1 << 30) / 100 * 110 + 24 * 110 / 100 + (10 << 20), 1000, grace: 10 << 20))
    #expect(try limits("quota_storage_size = 1M\nquota_storage_grace = 0\nquota_mail_size = unlimited\n") == made(1 << 20))
    #expect(try limits("quota_message_count = 10\nquota_message_percentage = 50\n") == made(0, 5))
    #expect(try limits("quota \"User quota\" {\n  storage_size = 1M\n  enforce = no\n}\n") == nil)
    #expect(try limits("quota_driver = noop\nquota_storage_size = 1M\n") == nil)
  }

  @Test func hugeNumbersStayNumbers() throws {
    let limits = try limits(
      "quota_storage_size = 8191P\nquota_storage_percentage = 2147483647\nquota_storage_extra = 8191P\n".replacing("P", with: "T"))
    #expect(limits?.bytes == .max)
  }

  @Test(arguments: [
    ("552 5.2.2 Mailbox is full", UInt16(552), "5.2.2", "Mailbox is full"), ("452 4.2.2 later", 452, "4.2.2", "later"),
    ("554 full up", 554, "5.2.2", "full up"),
    ("REJECT no room", 554, "5.2.2", "no room"), ("DEFER_IF_PERMIT 4.2.2 later", 452, "4.2.2", "later"), ("450 5.2.2 odd", 450, "4.2.2", "5.2.2 odd"),
    ("552", 552, "5.2.2", "Mailbox is full"),
  ])
  func replies(_ line: String, _ code: UInt16, _ status: String, _ text: String) {
    let reply = QuotaReply(line, status: "5.2.2")
    #expect(reply?.code == code)
    #expect(reply?.status == status)
    #expect(reply?.text == text)
  }

  @Test(arguments: ["", "DUNNO", "OK", "250 2.0.0 fine", "600 x", "full"]) func noReplies(_ line: String) {
    #expect(QuotaReply(line, status: "5.2.2") == nil)
  }
}
