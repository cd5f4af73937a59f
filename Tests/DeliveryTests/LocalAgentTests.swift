// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import Runtime
import Spool
import Testing

@Suite struct LocalAgentTests {
  @Test func aMessageComesIntoItsMaildir() throws {
    let station = try Station()
    let id = station.accept("Subject: x\n\nbody é \u{1}\n", to: .virtual("ann", original: "alias@example.com"))
    #expect(station.agent().runOnce())
    #expect(station.newFiles == ["1360231200.M0Q\(id)R0.vm"])
    #expect(
      station.folder.read("mail/ann/new/1360231200.M0Q\(id)R0.vm")
        == Array(
          """
          Return-Path: <carl@example.net>
          X-Original-To: alias@example.com
          Delivered-To: ann@example.com
          Subject: x

          body é \u{1}

          """.utf8))
  }

  @Test func eachRecipientHasACopyAndAReport() throws {
    let station = try Station()
    let id = station.accept("A: b\n\n", to: .virtual("ann"), .virtual("bob"), sender: "")
    station.advance(seconds: 2)
    _ = station.agent().runOnce()
    #expect(station.folder.list("mail/ann/new") == ["1360231200.M0Q\(id)R0.vm"])
    #expect(station.folder.list("mail/example.com/bob/new") == ["1360231200.M0Q\(id)R1.vm"])
    let lines = station.reports.withLock { $0.map(\.description) }
    #expect(
      lines == [
        "to=<ann@example.com>, relay=virtual, delay=2, delays=2/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)",
        "to=<bob@example.com>, relay=virtual, delay=2, delays=2/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)",
      ])
  }

  @Test func aStableMessageIsForgotten() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .virtual("ann"))
    _ = station.agent().runOnce()
    station.settle()
    #expect(station.spool.count == 0)
    #expect(!station.agent().runOnce())
  }

  @Test func anEmptySpoolIsNoWork() throws { #expect(try !Station().agent().runOnce()) }

  @Test func mailForStrangersIsReturned() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .virtual("nobody"), .virtual("ann"))
    _ = station.agent().runOnce()
    // Not before the report is stable.
    #expect(station.reports.withLock { $0.map(\.status) } == [.sent])
    station.settle()
    #expect(station.newFiles.count == 1)
    let line = try #require(station.reports.withLock { $0.last })
    #expect(line.status == .bounced)
    #expect(line.dsn == "5.1.1")
    #expect(line.text == "unknown user: \"nobody@example.com\"")
    let report = try #require(try station.queuedReports().first)
    #expect(report.sender == "" && report.recipient == "carl@example.net")
    #expect(report.content.contains("\n<nobody@example.com>: unknown user: \"nobody@example.com\"\n"))
    #expect(station.spool.count == 1)
  }

  @Test(arguments: ["Delivered-To: ann@example.com\nA: b\n\n", "Received: x\nDelivered-To: ANN@example.com\n\n"])
  func aLoopIsReturned(_ content: String) throws {
    let station = try Station()
    station.accept(content, to: .virtual("ann"))
    _ = station.agent().runOnce()
    station.settle()
    #expect(station.newFiles == [])
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.description.contains("dsn=5.4.6, status=bounced (mail forwarding loop for ann@example.com)"))
  }

  @Test func whatComesBackToTheSenderOfNoticesVanishes() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: Recipient(address: "Double-Bounce@vm", original: "double-bounce@vm", route: .local), sender: "")
    _ = station.agent().runOnce()
    station.settle()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.description.contains("relay=none,"))
    #expect(report.description.hasSuffix("dsn=2.0.0, status=sent (undeliverable postmaster notification discarded)"))
    #expect(station.spool.count == 0)
  }

  /// As with other mail: the line says deferred, and then it is given up.
  @Test func whatIsTooOldIsReturned() throws {
    let station = try Station()
    station.folder.write("mail/ann", "a file is in the way")
    station.accept("A: b\n\n", to: .virtual("ann"))
    station.advance(seconds: 5 * 86_400)
    _ = station.agent().runOnce()
    station.settle()
    #expect(station.reports.withLock { $0.map(\.status) } == [.deferred])
    #expect(station.lines.last?.contains("sender non-delivery notification") == true)
    #expect(try station.queuedReports().first?.content.contains("Action: failed\nStatus: 4.2.0") == true)
    #expect(station.spool.count == 1)
  }

  @Test func softBounceKeepsIt() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .virtual("nobody"))
    _ = station.agent(isSoft: true).runOnce()
    station.settle()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.description.contains("dsn=4.1.1, status=deferred (unknown user: \"nobody@example.com\")"))
    #expect(try station.queuedReports().isEmpty)
    #expect(station.spool.count == 1)
  }

  @Test func remoteRecipientsWait() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: Recipient(address: "x@elsewhere.example", original: "x@elsewhere.example", route: .remote))
    _ = station.agent().runOnce()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.status == .deferred)
    #expect(report.relay == "none")
    station.settle()
    #expect(!station.agent().runOnce())
    station.advance(seconds: 299)
    #expect(!station.agent().runOnce())
    station.advance(seconds: 1)
    #expect(station.agent().runOnce())
  }

  @Test func whatMayPassIsTriedAgain() throws {
    let station = try Station()
    station.folder.write("mail/ann", "a file is in the way")
    station.accept("A: b\n\n", to: .virtual("ann"), .virtual("bob"))
    _ = station.agent().runOnce()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.status == .deferred)
    #expect(report.text.hasPrefix("maildir delivery failed: create maildir file \(station.folder.path)/mail/ann/tmp/1360231200."))
    #expect(report.text.hasSuffix(": Not a directory"))
    station.settle()
    station.folder.remove("mail/ann")
    station.advance(seconds: 300)
    #expect(station.agent().runOnce())
    #expect(station.newFiles.count == 1)
    #expect(station.folder.list("mail/example.com/bob/new").count == 1)
    station.settle()
    #expect(station.spool.count == 0)
  }

  @Test func badPathsOfTablesWriteNothing() throws {
    let station = try Station()
    station.accept("A: b\n\n", to: .virtual("evil"))
    _ = station.agent().runOnce()
    #expect(station.reports.withLock { $0.first?.status } == .deferred)
    #expect(station.folder.list("") == ["mail", "spool"])
  }

  @Test func otherSystemUsersNeedRoot() throws {
    let joe = SystemUser(name: "joe", uid: 54_321, gid: 54_321, home: "/nonexistent")
    let station = try Station(system: [joe])
    station.accept("A: b\n\n", to: .local("joe"))
    _ = station.agent().runOnce()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.status == .deferred)
    #expect(report.relay == "local")
    #expect(report.text.contains("started as root"))
  }

  @Test(.disabled(if: SystemUser.currentUID == 0)) func ownMailIsWrittenDirectly() throws {
    let home = Folder()
    home.make("")
    let station = try Station(system: [SystemUser(name: "joe", uid: SystemUser.currentUID, gid: 1, home: home.path)])
    station.accept("A: b\n\n", to: .local("joe"))
    _ = station.agent().runOnce()
    #expect(home.list("Maildir/new").count == 1)
  }

  /// Answers from a list, and keeps what it was given.
  private final class Scripted: SystemUserTransport {
    var outcomes: [SystemUserOutcome]
    var jobs: [SystemUserJob] = []
    init(_ outcomes: [SystemUserOutcome]) { self.outcomes = outcomes }
    func deliver(_ jobs: [SystemUserJob]) -> [SystemUserOutcome] {
      self.jobs += jobs
      return outcomes
    }
  }

  @Test func otherSystemUsersGoThroughTheTransport() throws {
    let joe = SystemUser(name: "joe", uid: 54_321, gid: 54_321, home: "/home/joe")
    let station = try Station(system: [joe])
    let transport = Scripted([
      .stable, .deferred(Reason(status: "4.2.2", text: "full")), .refused(Reason(status: "5.1.1", text: "gone")),
    ])
    for _ in 0..<4 { station.accept("A: b\n\n", to: .local("joe")) }
    _ = station.agent(transport).runOnce()
    #expect(transport.jobs.count == 4)
    #expect(transport.jobs.first?.recipient == "joe@example.com")
    let header = try #require(transport.jobs.first?.header)
    #expect(header.suffix(31).elementsEqual("\nDelivered-To: joe@example.com\n".utf8))
    station.settle()
    #expect(station.reports.withLock { $0.map(\.status) } == [.sent, .deferred, .deferred, .bounced])
  }

  @Test func aBigMessageIsCopiedWhole() throws {
    let station = try Station()
    let content = "A: b\n\n" + String(repeating: "0123456789abcde\n", count: 100_000)
    let id = station.accept(content, to: .virtual("ann"))
    _ = station.agent().runOnce()
    let written = try #require(station.folder.read("mail/ann/new/1360231200.M0Q\(id)R0.vm"))
    #expect(written.suffix(content.utf8.count).elementsEqual(content.utf8))
  }

  @Test func manyMessagesTakeSeveralTurns() throws {
    let station = try Station()
    for _ in 0..<150 { station.accept("A: b\n\n", to: .virtual("ann")) }
    let agent = station.agent()
    var turns = 0
    while agent.runOnce() { turns += 1 }
    #expect(turns == 3)
    #expect(station.newFiles.count == 150)
    station.settle()
    #expect(station.spool.count == 0)
  }
}
