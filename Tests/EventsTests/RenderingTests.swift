// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Foundation
import Queue
import Testing

/// What an event becomes on each way out.
@Suite struct RenderingTests {
  private let origin = LogOrigin(host: "mx", processID: 7, names: ["postfix", "postfix/submission"])
  private let id = QueueID(rawValue: 0x12_3456_789a_bc00)
  static let peer = Peer(name: "c.example", address: IPAddress("2001:db8::2"), port: 4000)

  private func rendered(_ event: Event, name: UInt16 = 0, _ body: (RecordedEvent, inout [UInt8]) -> Void) -> String {
    var record: [UInt8] = []
    EventRecord.append(event, time: 1_000_000_000_123_456, name: name, to: &record)
    return record.withUnsafeBytes { bytes in
      var rest = bytes[...]
      var line: [UInt8] = []
      if let event = RecordedEvent(&rest) { body(event, &line) }
      return String(decoding: line, as: UTF8.self)
    }
  }

  private func object(_ event: Event) throws -> [String: Any] {
    let line = rendered(event) { JSONLine.append($0, origin, stamp: Array("2001-09-09T01:46:40.123456+00:00".utf8), to: &$1) }
    #expect(line.hasSuffix("}\n") && line.split(separator: "\n").count == 1)
    return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func classicLinesNameHostDaemonAndProcess() {
    let line = rendered(Event("smtpd", .connect(Self.peer)), name: 1) {
      ClassicLine.append($0, origin, stamp: Array("Sep  9 01:46:40 ".utf8), to: &$1)
    }
    #expect(line == "Sep  9 01:46:40 mx postfix/submission/smtpd[7]: connect from c.example[2001:db8::2]\n")
  }

  @Test func syslogHasAPriorityAndNoHost() {
    let line = rendered(Event("smtpd", .text("x"), severity: .warning)) {
      SyslogDatagram.append($0, origin, facility: 2, stamp: Array("Sep  9 01:46:40 ".utf8), to: &$1)
    }
    #expect(line == "<20>Sep  9 01:46:40 postfix/smtpd[7]: warning: x")
  }

  @Test(arguments: [(8000, 8000 + "<22>Sep  9 01:46:40 postfix/smtpd[7]: ".utf8.count), (9000, SyslogDatagram.maximumLength)])
  func longDatagramsAreCut(length: Int, expected: Int) {
    let line = rendered(Event("smtpd", .text(String(repeating: "x", count: length)))) {
      SyslogDatagram.append($0, origin, facility: 2, stamp: Array("Sep  9 01:46:40 ".utf8), to: &$1)
    }
    #expect(line.utf8.count == expected)
  }

  @Test func jsonHasTheFieldsByName() throws {
    let verdict = VerdictFacts(place: "RCPT", reply: "554 5.7.1 \"no\"", sender: "", recipient: "a\\b@c", protocolName: "ESMTP", helo: "h\u{1}\n")
    let object = try object(Event("smtpd", .verdict(verdict, Self.peer), queueID: id, session: 9))
    #expect(object["time"] as? String == "2001-09-09T01:46:40.123456+00:00")
    #expect(object["event"] as? String == "verdict" && object["service"] as? String == "smtpd" && object["name"] as? String == "postfix")
    #expect(object["pid"] as? Int == 7 && object["session"] as? Int == 9 && object["queue_id"] as? String == id.description)
    #expect(object["client_name"] as? String == "c.example" && object["client_address"] as? String == "2001:db8::2")
    #expect(object["client_port"] as? Int == 4000 && object["reply"] as? String == "554 5.7.1 \"no\"")
    #expect(object["from"] as? String == "" && object["to"] as? String == "a\\b@c" && object["helo"] as? String == "h\u{1}\n")
    #expect((object["message"] as? String)?.hasSuffix("to=<a\\b@c> proto=ESMTP helo=<h??>") == true)
  }

  @Test func jsonGivesDelaysInSeconds() throws {
    let facts = DeliveryFacts(
      recipient: "u@d", original: "", relay: "virtual", delays: .init(before: 1_040_000, queue: 0, connection: 0, transmission: 12), dsn: "2.0.0",
      status: "sent", reason: "ok")
    let object = try object(Event("virtual", .delivery(facts), queueID: id))
    #expect(object["delay_before"] as? Double == 1.04 && object["delay_transmission"] as? Double == 0.000012)
    #expect(object["session"] == nil && object["orig_to"] == nil)
  }

  @Test func theJournalGetsFieldsInCapitals() {
    let entry = rendered(Event("cleanup", .messageID("<1@x>", isResent: true), queueID: id)) { JournalEntry.append($0, origin, facility: 2, to: &$1) }
    #expect(
      entry == """
        MESSAGE=\(id): resent-message-id=<1@x>
        PRIORITY=6
        SYSLOG_FACILITY=2
        SYSLOG_IDENTIFIER=postfix/cleanup
        SYSLOG_PID=7
        WEIR_EVENT=message_id
        WEIR_QUEUE_ID=\(id)
        WEIR_MESSAGE_ID=<1@x>
        WEIR_RESENT=true

        """)
  }

  /// A value with a line end cannot bring a field of its own.
  @Test func theJournalCannotBeForged() {
    let verdict = VerdictFacts(place: "HELO", reply: "501 no", protocolName: "SMTP", helo: "a\nPRIORITY=0")
    let entry = rendered(Event("smtpd", .verdict(verdict, Self.peer))) { JournalEntry.append($0, origin, facility: 2, to: &$1) }
    #expect(entry.contains("\nWEIR_HELO\n\u{c}\0\0\0\0\0\0\0a\nPRIORITY=0\n"))
    #expect(entry.contains("helo=<a?PRIORITY=0>\n"))
  }

  @Test func terminalLinesShowOutcomesInColour() {
    let facts = DeliveryFacts(
      recipient: "a@b", original: "", relay: "virtual", delays: .init(before: 0, queue: 0, connection: 0, transmission: 0), dsn: "2.0.0",
      status: "sent",
      reason: "ok")
    let line = rendered(Event("virtual", .delivery(facts), queueID: id)) { TerminalLine.append($0, stamp: Array("01:46:40 ".utf8), to: &$1) }
    #expect(line.hasPrefix("\u{1b}[2m01:46:40 \u{1b}[0m\u{1b}[35mvirtual  \u{1b}[0m\u{1b}[32m\(id): to=<a@b>,"))
  }

  /// Records that are cut short anywhere are no records; none is read past its end.
  @Test func cutRecordsAreNone() {
    var record: [UInt8] = []
    EventRecord.append(Event("smtpd", .connect(Self.peer)), time: 1, name: 0, to: &record)
    for length in record.indices {
      let found = record.prefix(length).withUnsafeBytes { bytes in
        var rest = bytes[...]
        return RecordedEvent(&rest) != nil
      }
      #expect(!found)
    }
  }

  /// docs/logs.md lists each field as the sources describe it.
  @Test func theDocumentHasEveryField() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/logs.md"), encoding: .utf8)
    for field in Field.allCases where field != .text {
      #expect(text.contains("| `\(field.key)` | \(field.form.title) | \(field.meaning) |"), "\(field.key)")
    }
    for kind in Kind.Name.allCases { #expect(text.contains("| `\(kind.text)` |"), "\(kind.text)") }
  }
}
