// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime
import SMTP
import Spool
import Testing

@testable import Delivery

@Suite struct MailboxExtensionTests {
  @Test(arguments: [
    ("XSTABLE", MailboxExtension.Command.stable), ("xstable", .stable), ("XSTABLE x", .malformed), ("XFILE", .malformed),
    ("XFILE 0 1.M2Q3R4.vm", .file(.init(name: "1.M2Q3R4.vm", replay: .none))), ("xfile 3 n", .file(.init(name: "n", replay: .rewrite))),
    ("XFILE 4 n", .malformed), ("XFILE x n", .malformed), ("XFILE 0 ../n", .malformed), ("XFILE 0 a/b", .malformed), ("XFILE 0 .n", .malformed),
    ("XFILE 0 n:2,S", .malformed), ("XFILE 0 ", .malformed), ("XFILE 0 a b", .malformed), ("XFILE 0 a\u{1}", .malformed),
    ("XFILE -1 n", .malformed), ("XFILE 256 n", .malformed),
  ])
  func commandsAreRead(_ line: String, _ command: MailboxExtension.Command) { #expect(MailboxExtension.parse(line) == command) }

  @Test(arguments: ["", "MAIL FROM:<a@b>", "XFILES 0 n", "NOOP", " XSTABLE"]) func otherLinesAreLMTPs(_ line: String) {
    #expect(MailboxExtension.parse(line) == nil)
  }

  @Test func namesHaveALimit() {
    let longest = String(repeating: "n", count: 255)
    #expect(MailboxExtension.parse("XFILE 0 \(longest)") == .file(.init(name: longest, replay: .none)))
    #expect(MailboxExtension.parse("XFILE 0 \(longest)n") == .malformed)
  }

  @Test(arguments: [Replay.none, .verify, .renew, .rewrite]) func ordersAreReadAsWritten(_ replay: Replay) {
    let order = MailboxExtension.FileOrder(name: "1.M2Q3R4.vm", replay: replay)
    #expect(MailboxExtension.parse(MailboxExtension.line(order)) == .file(order))
  }
}

/// A mailbox process in a thread of its own, for the user joe whose home is a folder.
private final class Process: Sendable {
  let home = Folder()
  let service: MailboxService
  let notes = Monitor<[String]>([])

  init(trusted: Bool = true) {
    home.make("")
    home.setMode("", 0o777)
    // Root takes on another user, as in production; others can only be themselves.
    let uid = SystemUser.currentUID == 0 ? 54_321 : SystemUser.currentUID
    let joe = SystemUser(name: "joe", uid: uid, gid: 54_321, home: home.path)
    let users = UserDirectory(
      UserSettings(virtualMailboxBase: ""), virtualMailbox: { _ in nil }, systemUser: { name throws(SystemError) in name == "joe" ? joe : nil })
    let relay = RelayPolicy(
      mynetworks: NetworkList(), mydestination: ["example.com"], virtualMailboxDomains: [], myorigin: "example.com", mydomain: "example.com")
    let settings = MailboxService.Settings(
      server: ServerConfiguration(myhostname: "mail.example.com", relay: relay),
      trustedUID: trusted ? SystemUser.currentUID : SystemUser.currentUID &+ 1, timeout: .seconds(20))
    let notes = notes
    service = MailboxService(
      settings, users: users, disk: LinuxDisk(), clock: { 1_360_231_200_000_000 }, note: { note in notes.withLock { $0.append(note) } })
  }

  /// Begins a session.
  func open() throws(SystemError) -> BlockingStream {
    let (mine, theirs) = try BlockingStream.pair()
    let service = service
    try Thread(name: "mailbox") { service.serve(theirs) }.detach()
    return mine
  }

  var files: [String] { home.list("Maildir/new") }
}

@Suite struct MailboxServiceTests {
  /// Sends everything, and answers with all that comes back until the end.
  private func dialogue(_ process: Process, _ lines: [String]) throws -> [String] {
    let stream = try process.open()
    let text = Array((lines.joined(separator: "\r\n") + "\r\nQUIT\r\n").utf8)
    #expect(text.withUnsafeBytes { stream.write($0, timeout: .seconds(20)) } == .written)
    var input = ByteBuffer()
    while case .received = stream.read(into: &input, timeout: .seconds(20)) {}
    return String(decoding: input.array(), as: UTF8.self).split(separator: "\r\n").map(String.init)
  }

  private func owner(_ process: Process, _ name: String) throws -> UInt32 {
    try LinuxDisk().status("\(process.home.path)/Maildir/new/\(name)", at: nil).owner
  }

  @Test func aForeignClientGetsPlainLMTP() throws {
    let process = Process(trusted: false)
    let replies = try dialogue(
      process,
      [
        "LHLO client", "XSTABLE", "MAIL FROM:<carl@example.net>", "RCPT TO:<joe@example.com>", "RCPT TO:<ann@example.com>", "RCPT TO:<x@elsewhere>",
        "DATA", "A: b", "", "..body", ".",
      ])
    #expect(!replies.contains { $0.hasSuffix("XSTABLE") })
    #expect(replies.contains { $0.hasPrefix("500 5.5.") || $0.hasPrefix("502 5.5.") })
    #expect(replies.contains { $0.hasPrefix("550 5.1.1 <ann@example.com>") })
    #expect(replies.contains { $0.hasPrefix("454 4.7.1 <x@elsewhere>") })
    #expect(replies.suffix(2).first == "250 2.0.0 stable")
    let name = try #require(process.files.first)
    #expect(name.hasPrefix("1360231200.M0Q") && name.hasSuffix("R0.mail.example.com"))
    #expect(
      process.home.read("Maildir/new/\(name)")
        == Array("Return-Path: <carl@example.net>\nX-Original-To: joe@example.com\nDelivered-To: joe@example.com\nA: b\n\n.body\n".utf8))
    #expect(try owner(process, name) == (SystemUser.currentUID == 0 ? 54_321 : SystemUser.currentUID))
  }

  @Test func ourMTAChoosesTheNameAndAsksForStability() throws {
    let process = Process()
    let replies = try dialogue(
      process,
      ["LHLO mta", "MAIL FROM:<>", "XFILE 0 1.M2Q3R4.vm", "RCPT TO:<joe@example.com>", "BDAT 6 LAST", "A: b\n\nXSTABLE", "XSTABLE"])
    #expect(replies.contains("250-XSTABLE") || replies.contains("250 XSTABLE"))
    #expect(replies.suffix(4) == ["250 2.0.0 written", "250 2.0.0 1", "250 2.0.0 0", "221 2.0.0 Bye"])
    #expect(process.home.read("Maildir/new/1.M2Q3R4.vm") == Array("A: b\n\n".utf8))
  }

  @Test func aFileOrderIsForOneRecipient() throws {
    let process = Process()
    let replies = try dialogue(
      process,
      [
        "LHLO mta", "MAIL FROM:<>", "XFILE 0 n", "RCPT TO:<joe@example.com>", "RCPT TO:<joe@example.com>", "BDAT 6 LAST", "A: b\n\nNOOP",
      ])
    #expect(replies.filter { $0.hasPrefix("503 5.5.1 XFILE") }.count == 2)
    #expect(process.files == [])
  }

  @Test func hostileNamesAreRefused() throws {
    let process = Process()
    let replies = try dialogue(process, ["LHLO mta", "MAIL FROM:<>", "XFILE 0 ../../n"])
    #expect(replies.contains { $0.hasPrefix("501 5.5.4") })
    #expect(process.home.list("") == [])
  }

  @Test func linksOfTheUserAreNotFollowed() throws {
    let process = Process()
    let elsewhere = Folder()
    for name in ["tmp", "new", "cur"] { elsewhere.make(name, mode: 0o777) }
    process.home.link("Maildir", to: elsewhere.path)
    let replies = try dialogue(
      process, ["LHLO mta", "MAIL FROM:<>", "XFILE 0 n", "RCPT TO:<joe@example.com>", "BDAT 6 LAST", "A: b\n\nNOOP"])
    #expect(replies.contains { $0.hasPrefix("451 4.2.0 maildir delivery failed: create maildir file") })
    #expect(elsewhere.list("new") == [])
  }

  @Test func acceptsFromAListenerUntilItIsStopped() throws {
    let process = Process()
    let folder = Folder()
    folder.make("")
    let path = "\(folder.path)/lmtp"
    let listener = try ListeningSocket.open(path: path, mode: 0o600, backlog: 8)
    let service = process.service
    let thread = try Thread(name: "service") {
      do throws(SystemError) { try service.run(listenerDescriptor: listener) } catch {}
    }
    let stream = try BlockingStream.connect(path: path)
    var input = ByteBuffer()
    #expect(stream.read(into: &input, timeout: .seconds(20)) != .timedOut)
    #expect(String(decoding: input.array(), as: UTF8.self).hasPrefix("220 mail.example.com"))
    #expect(Array("QUIT\r\n".utf8).withUnsafeBytes { stream.write($0, timeout: .seconds(20)) } == .written)
    while case .received = stream.read(into: &input, timeout: .seconds(20)) {}
    service.stop()
    thread.join()
  }
}

@Suite struct MailboxClientTests {
  private static let joe = SystemUser(name: "joe", uid: 54_321, gid: 54_321, home: "/home/joe")

  private func client(_ process: Process) -> MailboxClient {
    MailboxClient(hostname: "mta", timeout: .seconds(20)) { () throws(SystemError) in try process.open() }
  }

  @Test func mailForSystemUsersGoesThroughTheProcess() throws {
    let (process, station) = (Process(), try Station(system: [Self.joe]))
    let ids = (0..<40).map { station.accept("Subject: \($0)\n\n.böse\n", to: .local("joe")) }
    let agent = station.agent(client(process))
    while agent.runOnce() {}
    #expect(process.files.sorted() == ids.map { "1360231200.M0Q\($0)R0.vm" }.sorted())
    let lines = station.reports.withLock { Set($0.map(\.description)) }
    #expect(lines == ["to=<joe@example.com>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)"])
    #expect(
      process.home.read("Maildir/new/1360231200.M0Q\(ids[39])R0.vm")
        == Array(
          "Return-Path: <carl@example.net>\nX-Original-To: joe@example.com\nDelivered-To: joe@example.com\nSubject: 39\n\n.böse\n".utf8))
    station.settle()
    #expect(station.spool.count == 0)
  }

  @Test func aStrangersMailIsReturnedAndOthersIsNot() throws {
    let process = Process()
    let ann = SystemUser(name: "ann", uid: 54_322, gid: 1, home: "/home/ann")
    let station = try Station(system: [Self.joe, ann])
    station.accept("A: b\n\n", to: .local("ann"), .local("joe"), .local("ann"))
    _ = station.agent(client(process)).runOnce()
    #expect(process.files.count == 1)
    station.settle()
    let reports = station.reports.withLock { $0 }
    #expect(reports.map(\.status) == [.sent, .bounced, .bounced])
    #expect(reports.last?.dsn == "5.1.1")
    #expect(try station.queuedReports().count == 1)
  }

  @Test func withoutTheProcessMailWaits() throws {
    let station = try Station(system: [Self.joe])
    station.accept("A: b\n\n", to: .local("joe"))
    _ = station.agent(MailboxClient(path: "\(station.folder.path)/nothing", hostname: "mta")).runOnce()
    let report = try #require(station.reports.withLock { $0.first })
    #expect(report.status == .deferred)
    #expect(report.dsn == "4.4.1")
    #expect(report.text.contains("No such file or directory"))
  }

  @Test(arguments: ["", "421 4.4.2 mail.example.com Error: timeout exceeded\r\n"])
  func aProcessThatWentAwayIsConnectedAgain(_ farewell: String) throws {
    let (process, station) = (Process(), try Station(system: [Self.joe]))
    let first = Monitor<(wasOpened: Bool, stream: BlockingStream?)>((false, nil))
    let client = MailboxClient(hostname: "mta", timeout: .seconds(20)) { () throws(SystemError) in
      if first.withLock({ $0.wasOpened }) { return try process.open() }
      let (mine, theirs) = try BlockingStream.pair()
      let answers = "220 hello\r\n250 XSTABLE\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n250 2.0.0 stable\r\n" + farewell
      _ = Array(answers.utf8).withUnsafeBytes { theirs.write($0, timeout: .seconds(20)) }
      first.withLock { $0 = (true, theirs) }
      return mine
    }
    let agent = station.agent(client)
    station.accept("A: b\n\n", to: .local("joe"))
    _ = agent.runOnce()
    #expect(process.files == [])
    first.withLock { $0.stream = nil }
    let id = station.accept("A: b\n\n", to: .local("joe"))
    _ = agent.runOnce()
    #expect(station.reports.withLock { $0.map(\.status) } == [.sent, .sent])
    #expect(process.files == ["1360231200.M0Q\(id)R0.vm"])
  }

  @Test(arguments: [
    "", "500 go away\r\n", "220 hello\r\n250 no extension\r\n", "220 hello\r\n250 XSTABLE\r\n250 2.0.0 Ok\r\n", "nonsense\r\n", "220 x",
  ])
  func whateverItSaysNothingIsLost(_ answers: String) throws {
    let station = try Station(system: [Self.joe])
    let client = MailboxClient(hostname: "mta", timeout: .seconds(20)) { () throws(SystemError) in
      let (mine, theirs) = try BlockingStream.pair()
      _ = Array(answers.utf8).withUnsafeBytes { theirs.write($0, timeout: .seconds(20)) }
      return mine
    }
    station.accept("A: b\n\n", to: .local("joe"))
    _ = station.agent(client).runOnce()
    #expect(station.reports.withLock { $0.map(\.status) } == [.deferred])
    station.settle()
    #expect(station.spool.count == 1)
  }

  @Test(arguments: [("451 4.3.0 no\r\n", DeliveryReport.Status.deferred), ("250 2.0.0 1\r\n", .sent)])
  func onlyWhatIsStableIsSent(_ answer: String, _ status: DeliveryReport.Status) throws {
    let station = try Station(system: [Self.joe])
    let peer = Monitor<BlockingStream?>(nil)
    let client = MailboxClient(hostname: "mta", timeout: .seconds(20)) { () throws(SystemError) in
      let (mine, theirs) = try BlockingStream.pair()
      let answers = "220 hello\r\n250 XSTABLE\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 written\r\n" + answer
      _ = Array(answers.utf8).withUnsafeBytes { theirs.write($0, timeout: .seconds(20)) }
      peer.withLock { $0 = theirs }
      return mine
    }
    station.accept("A: b\n\n", to: .local("joe"))
    _ = station.agent(client).runOnce()
    #expect(station.reports.withLock { $0.map(\.status) } == [status])
  }
}
