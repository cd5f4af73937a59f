// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Names
import Queue
import Testing

@testable import Daemon

/// What `weir test` and `weir explain` read and write, without a daemon.
@Suite struct CommandTests {
  @Test(arguments: [
    ("7f3a2c", TraceQuery.code("7f3a2c")), ("weir:7F3A2C", .code("7f3a2c")), ("550 5.7.1 No [weir:7f3a2c]", .code("7f3a2c")),
    ("192.0.2.1", IPAddress("192.0.2.1").map(TraceQuery.client) ?? .everything), ("<a@example.org>", .address("a@example.org")),
    ("a@example.org", .address("a@example.org")),
  ]) func queriesAreWhatTheyLookLike(text: String, query: TraceQuery) {
    #expect(TraceQuery(text) == query)
  }

  @Test func aQueueIDIsOne() {
    let id = QueueID(microseconds: 1_795_288_348_130_649, lane: 0)
    #expect(TraceQuery(id.description) == .queueID(id))
    for text in ["", "lottery", "a b@c", "12345", "zzzzzz"] { #expect(TraceQuery(text) == nil) }
  }

  @Test func timesAgo() {
    let now: Int64 = 1_795_288_348_000_000
    #expect(TraceTime.parse("2h", now: now) == now - 7_200_000_000)
    #expect(TraceTime.parse("30m", now: now) == now - 1_800_000_000)
    #expect(TraceTime.parse("7d", now: now) == now - 604_800_000_000)
    for text in ["", "h", "-1h", "25:00", "10:60", "2026-13-01", "2026-11", "yesteryear", "2026-11-21 x"] {
      #expect(TraceTime.parse(text, now: now) == nil)
    }
  }

  @Test func datesAndClocksAreLocal() throws {
    let now: Int64 = 1_795_288_348_000_000
    let date = try #require(TraceTime.parse("2026-11-21", now: now))
    #expect(TraceTime.stamp(date) == "11-21 00:00:00")
    #expect(TraceTime.parse("2026-11-21 10:30", now: now) == date + 37_800_000_000)
    let leap = try #require(TraceTime.parse("2028-02-29 23:59:59", now: now))
    #expect(TraceTime.stamp(leap) == "02-29 23:59:59")
  }

  @Test(arguments: [
    ("a@example.org", ["a@example.org"]), ("A B <a@example.org>, c@example.org (see)", ["a@example.org", "c@example.org"]),
    ("\"Doe, John\" <j@example.org>", ["j@example.org"]), ("friends: a@x.org, b@x.org;", ["a@x.org", "b@x.org"]), ("undisclosed-recipients:;", []),
    ("<>", []), ("", []), ("\"a,b\"@example.org", ["\"a,b\"@example.org"]), ("<<a@x.org", ["a@x.org"]), ("\"open <a@x.org>", []),
  ]) func addressesOfAField(value: String, addresses: [String]) {
    #expect(Addresses.all(in: value).filter { $0.first != "\"" || $0.last != ">" } == addresses)
  }

  @Test func theWireHasDotsAndLineEnds() {
    var options = TestOptions()
    options.recipients = ["a@x.org"]
    let mail = TestMail(name: "x", Array("A: b\n\n.\n..x\nlast".utf8), options)
    #expect(String(decoding: mail.wire, as: UTF8.self) == "A: b\r\n\r\n..\r\n...x\r\nlast\r\n.\r\n")
    #expect(mail.wireSize == "A: b\r\n\r\n.\r\n..x\r\nlast\r\n".utf8.count)
  }

  /// What was recorded reads as what was answered.
  @Test func namesComeBackAsTheyWere() throws {
    let answers: [(NameQuery, Result<NameAnswer, NameFailure>)] = [
      (.a("mail.example.org"), .success(NameAnswer([.address(IPAddress(v4: 0xc000_0201)), .address(IPAddress(v4: 0xc000_0202))], isSecure: true))),
      (.mx("example.org"), .success(NameAnswer([.exchanger(preference: 10, host: "mail.example.org")]))),
      (.txt("example.org"), .success(NameAnswer([.text(Array("v=spf1 \"x\\y\" -all\u{1}".utf8)), .text([0xff])]))),
      (.soa("example.org"), .success(NameAnswer([.authority(server: "ns.example.org", contact: "root.example.org", serial: 7)]))),
      (.tlsa("_25._tcp.example.org"), .success(NameAnswer([.certificate(usage: 3, selector: 1, matching: 1, data: [0, 0xab])]))),
      (.ns("nothing.example.org"), .failure(.notFound)), (.a("slow.example.org"), .failure(.temporary("no answer"))),
    ]
    let file = try NamesFile(answers.map { NamesFile.lines($0.0, $0.1) }.joined())
    for (query, answer) in answers { #expect(file.answers[query] == answer, "\(query)") }
  }

  @Test(arguments: ["A x", "A = 1", "FOO x = y", "A x = notanaddress", "MX x = mail", "A x = \u{ff}", "TLSA x = 1 1 1 abc"]) func linesThatAreNone(
    line: String
  ) {
    #expect(throws: NamesFile.Fault.self) { try NamesFile(line) }
  }

  @Test func jsonIsQuoted() {
    let value = JSONValue.some(
      ("a", .text("\"\\\n\u{1}é")), ("b", .text("")), ("c", .seconds(1_000_002)), ("d", .list([.number(1), .null])), ("e", .list([])))
    #expect(value.line == #"{"a":"\"\\\n\u0001é","c":1.000002,"d":[1,null]}"#)
  }

  @Test func nothingMovesTheCursor() {
    #expect(TerminalText.visible("a\u{1b}[2J\u{9b}b\u{202e}c") == "a?[2J?b?c")
  }

  /// Numbers that stand in files of older daemons.
  @Test func whatIsKeptCanBeReadLater() {
    #expect([Field.text, .reason, .stageName, .code, .notice, .report].map(\.rawValue) == [1, 32, 33, 41, 43, 44])
    #expect([Kind.Name.text, .removed, .step, .answer, .notice].map(\.rawValue) == [0, 9, 10, 13, 14])
  }
}
