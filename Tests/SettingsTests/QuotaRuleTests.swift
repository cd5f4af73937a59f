// SPDX-License-Identifier: Apache-2.0
import Settings
import Testing

@Suite struct QuotaRuleTests {
  @Test(arguments: [
    ("*:storage=1G", Int64(1 << 30), Int64(0)), ("*:storage=100", 102_400, 0), ("*:bytes=100", 100, 0), ("*:messages=5", 0, 5),
    ("*:storage=1M:messages=10", 1 << 20, 10), ("*:bytes=2k", 2048, 0), ("*:storage=0", 0, 0), ("*:storage=5B", 5, 0), ("*:storage=1T", 1 << 40, 0),
  ])
  func limits(_ text: String, _ bytes: Int64, _ messages: Int64) throws {
    let rule = try QuotaRule(text)
    #expect(rule.bytes == bytes)
    #expect(rule.messages == messages)
  }

  @Test(arguments: [
    ("", QuotaRule.Fault.notForAll), ("*", .notForAll), ("Trash:storage=1M", .notForAll), ("*:size=1", .unknownLimit("size")),
    ("*:1G", .unknownLimit("1G")),
    ("*:storage=", .noNumber("")), ("*:storage=x", .noNumber("x")), ("*:storage=-1", .noNumber("-1")), ("*:storage=1X", .noNumber("1X")),
    ("*:bytes=9223372036854775808", .noNumber("9223372036854775808")), ("*:storage=9007199254740992", .noNumber("9007199254740992")),
    ("*:storage=+1M", .noNumber("+1M")),
  ])
  func faults(_ text: String, _ fault: QuotaRule.Fault) { #expect(throws: fault) { try QuotaRule(text) } }
}
