// SPDX-License-Identifier: Apache-2.0
import Delivery
import Message
import Queue
import Runtime
import Spool
import Testing

@Suite struct SenderReporterTests {
  /// Fails the first recipient of every message that is ready.
  private func fail(_ station: Station, _ reporter: SenderReporter, _ outcome: RecipientResult.Outcome = .bounced) throws -> Bool? {
    let told = Monitor<Bool?>(nil)
    for message in station.spool.takeReadyNow(worker: 0, max: 10) {
      let result = RecipientResult(0, outcome, Reason(status: "5.7.1", text: "host x said: no"))
      reporter.report([result], of: message) { isStored in told.withLock { $0 = isStored } }
      while station.spool.runOnce() {}
      let deferral = Deferral(until: station.clock.withLock { $0 } + 1_000_000, reason: result.reason)
      station.spool.note(message.id, recipient: 0, told.withLock { $0 } == true && outcome == .bounced ? .failed(result.reason) : .deferred(deferral))
      station.spool.attemptEnded(message.id)
      station.settle()
    }
    return told.withLock { $0 }
  }

  @Test func theReportIsLoggedAsPostfixDoes() throws {
    let station = try Station()
    let id = station.accept("A: b\n\nbody\n", to: .virtual("nobody"))
    #expect(try fail(station, station.reporter()) == true)
    let report = try #require(station.spool.list().first?.id)
    #expect(station.lines == ["\(report): message-id=<20130207100000.\(report)@vm>", "\(id): sender non-delivery notification: \(report)"])
    #expect(station.spool.count == 1)
  }

  @Test(arguments: [(50_000, true), (16, true), (15, false)]) func bounceSizeLimit(_ limit: Int, _ isWhole: Bool) throws {
    let station = try Station()
    station.accept("A: b\n\n123456789\n", to: .virtual("nobody"))
    _ = try fail(station, station.reporter(sizeLimit: limit))
    let content = try #require(try station.queuedReports().first?.content)
    #expect(content.contains("123456789") == isWhole)
    #expect(content.contains("Content-Type: message/rfc822") == isWhole)
    #expect(content.contains("Content-Type: text/rfc822-headers") != isWhole)
    #expect(content.contains("Return-Path: <carl@example.net>\nA: b\n"))
  }

  @Test func aBigReportHasAFile() throws {
    let station = try Station()
    let body = String(repeating: "0123456789abcdef\n", count: 100_000)
    station.accept("A: b\n\n\(body)", to: .virtual("nobody"))
    _ = try fail(station, station.reporter(sizeLimit: 10 << 20))
    #expect(try station.queuedReports().first?.content.contains(body) == true)
  }

  @Test func withoutRoomTheFailureWaits() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .virtual("nobody"))
    #expect(try fail(station, station.reporter(offload: { _ in false })) == false)
    #expect(station.spool.list().map(\.sender) == ["carl@example.net"])
  }

  @Test func aWarningIsRemembered() throws {
    let station = try Station()
    station.rules.delayWarningTime = 3_600_000_000
    let id = station.accept("A: b\n\n", to: .virtual("nobody"))
    let reporter = station.reporter()
    for seconds in [0, 3600, 10_000] as [Int64] {
      station.advance(seconds: seconds)
      _ = try fail(station, reporter, .deferred)
      for report in station.spool.list() where report.id != id { _ = station.spool.delete(report.id) }
      station.settle()
    }
    #expect(station.lines.filter { $0.contains("sender delay notification") }.count == 1)
  }

  @Test func aNoticeThatFailsIsTheEnd() throws {
    let station = try Station()
    station.rules.classes = [.bounce, .doubleBounce]
    let id = station.accept("A: b\n\n", to: .virtual("nobody"), sender: "double-bounce@vm")
    #expect(try fail(station, station.reporter()) == true)
    #expect(station.spool.count == 0)
    #expect(station.lines == ["warning: \(id): undeliverable postmaster notification discarded"])
  }

  @Test func aLostReportGoesToThePostmaster() throws {
    let station = try Station()
    station.rules.classes = .doubleBounce
    let id = station.accept("A: b\n\nsecret\n", to: .virtual("nobody"), sender: "")
    _ = try fail(station, station.reporter())
    let report = try #require(try station.queuedReports().first)
    #expect(report.sender == "double-bounce@vm" && report.recipient == "pm@example.com")
    #expect(report.content.contains("Subject: Postmaster Copy: Undelivered Mail\nTo: pm@example.com\nAuto-Submitted: auto-generated\n"))
    #expect(report.content.contains("secret"))
    #expect(station.lines.last?.hasPrefix("\(id): postmaster non-delivery notification: ") == true)
  }

  @Test func successIsReportedToWhoAsked() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .virtual("ann", notify: .success), .virtual("bob"))
    _ = station.agent().runOnce()
    station.settle()
    let report = try #require(try station.queuedReports().first)
    #expect(report.content.contains("Subject: Successful Mail Delivery Report\n"))
    #expect(report.content.contains("\n<ann@example.com>: delivery via virtual: delivered to maildir\n"))
    #expect(report.content.contains("Action: delivered\nStatus: 2.0.0\nDiagnostic-Code: X-Weir; delivery via virtual: delivered to maildir\n"))
    #expect(!report.content.contains("bob"))
  }
}
