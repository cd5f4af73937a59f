// SPDX-License-Identifier: Apache-2.0
import Bytes
import Events
import Foundation
import Queue
import Runtime
import Testing
import Trace

/// What is kept can be found again, and nothing of it is in anybody's way.
@Suite struct KeeperTests {
  private static let peer = Peer(name: "a.example", address: IPAddress("192.0.2.1"), port: 25)

  /// A folder that is gone after the test.
  private final class Folder {
    let path: String
    init() throws {
      path = NSTemporaryDirectory() + "trace-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var file: String { path + "/trace.db" }
  }

  private func settings(_ folder: Folder, sizeLimit: Int64 = 64 << 20) -> TraceKeeper.Settings {
    TraceKeeper.Settings(path: folder.file, keep: .seconds(86_400), sizeLimit: sizeLimit)
  }

  private func records(_ events: [Event], at time: Int64 = wallClock()) -> [UInt8] {
    var records: [UInt8] = []
    for event in events { EventRecord.append(event, time: time, name: 0, to: &records) }
    return records
  }

  private func message(_ number: UInt64, from sender: String = "a@example.org", subject: String = "hello") -> [Event] {
    let id = QueueID(microseconds: 1_000_000_000_000_000 + Int64(number), lane: 0)
    let facts = EnvelopeFacts(sender: sender, recipients: "b@example.net c@example.net", subject: subject, protocolName: "ESMTP", helo: "x")
    return [
      Event("smtpd", .connect(Self.peer), session: 7), Event("smtpd", .client(Self.peer), queueID: id, session: 7),
      Event("smtpd", .arrived(facts), queueID: id, session: 7), Event("cleanup", .messageID("<\(number)@example.org>"), queueID: id, session: 7),
      Event("smtpd", .answer(reply: "550 5.7.1 no", place: "DATA", code: "00000\(number % 10)"), queueID: id, session: 7),
    ]
  }

  private func rows(_ folder: Folder, _ words: Set<TraceWord>? = nil) throws -> [TraceLibrary.Row] {
    var rows: [TraceLibrary.Row] = []
    try TraceLibrary(path: folder.file).rows(TraceLibrary.Range(), words: words) { rows.append($0) }
    return rows
  }

  @Test func everyNameFindsIt() throws {
    let folder = try Folder()
    let keeper = try TraceKeeper(settings(folder))
    keeper.take(records(message(3)), lost: 0)
    keeper.flush()
    let id = QueueID(microseconds: 1_000_000_000_000_003, lane: 0)
    let words: [TraceWord] = [
      .queueID(id), .address("A@example.ORG".utf8), .address("c@example.net".utf8), .messageID("3@example.org".utf8), .code("000003".utf8),
      .client("192.0.2.1".utf8),
    ]
    for word in words { #expect(try rows(folder, [word]).count == 1) }
    #expect(try rows(folder, [.address("d@example.net".utf8)]).isEmpty)
    #expect(keeper.takeWarnings() == [])
  }

  /// Who connected and left explains nothing: there are as many of these as of all others.
  @Test func connectionsAreLeftOut() throws {
    let folder = try Folder()
    let keeper = try TraceKeeper(settings(folder))
    keeper.take(
      records([Event("smtpd", .connect(Self.peer), session: 1), Event("smtpd", .disconnect(Self.peer, commands: "quit=1"), session: 1)]), lost: 0)
    keeper.take(records(message(1)), lost: 0)
    keeper.flush()
    let row = try #require(try rows(folder).first)
    let kinds = row.records.withUnsafeBytes { bytes in
      var (rest, kinds) = (bytes[...], [Kind.Name]())
      while let event = RecordedEvent(&rest) { kinds.append(event.kind) }
      return kinds
    }
    #expect(kinds == [.client, .arrived, .messageID, .answer])
  }

  @Test func addressesCanBeKeptOut() throws {
    let folder = try Folder()
    var settings = settings(folder)
    settings.keepsAddresses = false
    let keeper = try TraceKeeper(settings)
    keeper.take(
      records([Event("smtpd", .answer(reply: "550 <joe@example.org>: no", place: "RCPT", code: "00ff00"), session: 1)] + message(1)), lost: 0)
    keeper.flush()
    let row = try #require(try rows(folder, [.code("00ff00".utf8)]).first)
    let text = String(decoding: row.records, as: UTF8.self)
    #expect(
      !text.contains("joe") && !text.contains("b@example") && text.contains("<*@example.org>: no") && text.contains("*@example.net *@example.net"))
    #expect(text.contains("<1@example.org>"))
    #expect(try rows(folder, [.address("b@example.net".utf8)]).isEmpty)
  }

  /// Lines of the log quote header fields.
  @Test func subjectsCanBeKeptOut() throws {
    let folder = try Folder()
    var settings = settings(folder)
    settings.keepsSubjects = false
    let keeper = try TraceKeeper(settings)
    let id = QueueID(microseconds: 1_000_000_000_000_001, lane: 0)
    keeper.take(records([Event("cleanup", .text("reject: header Subject: secret"), queueID: id)] + message(1)), lost: 0)
    keeper.flush()
    let row = try #require(try rows(folder).first)
    #expect(!String(decoding: row.records, as: UTF8.self).contains("secret"))
  }

  /// At the limit the oldest go, and the newest stay.
  @Test func theOldestAreForgottenAtTheLimit() throws {
    let folder = try Folder()
    let limit: Int64 = 2 << 20
    let keeper = try TraceKeeper(settings(folder, sizeLimit: limit))
    let subject = String(repeating: "x", count: 900)
    for batch in 0..<8 as Range<UInt64> {
      keeper.take(records((0..<500).flatMap { message(batch * 500 + $0, subject: subject) }), lost: 0)
      keeper.flush()
    }
    let kept = try rows(folder)
    #expect(kept.reduce(0) { $0 + $1.records.count } <= limit)
    #expect(kept.first?.id ?? 0 > 1)
    #expect(try rows(folder, [.messageID("0@example.org".utf8)]).isEmpty)
    #expect(try rows(folder, [.messageID("3999@example.org".utf8)]).count == 1)
    let size = try FileManager.default.attributesOfItem(atPath: folder.file)[.size] as? Int64
    #expect(size ?? .max <= limit * 2)
  }

  @Test func theOldAreForgotten() throws {
    let folder = try Folder()
    let keeper = try TraceKeeper(settings(folder))
    keeper.take(records(message(1), at: wallClock() - 86_401_000_000), lost: 0)
    keeper.flush()
    #expect(try rows(folder).isEmpty)
  }

  @Test(arguments: ["no database at all, but long enough to be taken for one", ""]) func whatIsNoDatabaseIsSetAside(text: String) throws {
    let folder = try Folder()
    try Data((text + String(repeating: " ", count: text.isEmpty ? 0 : 5000)).utf8).write(to: URL(fileURLWithPath: folder.file))
    let keeper = try TraceKeeper(settings(folder))
    keeper.take(records(message(1)), lost: 0)
    keeper.flush()
    #expect(try rows(folder).count == 1)
    #expect(FileManager.default.fileExists(atPath: folder.file + ".damaged") == !text.isEmpty)
    #expect(keeper.takeWarnings().count == (text.isEmpty ? 0 : 1))
  }

  @Test func aFolderThatIsNotThereIsSaidOnce() throws {
    let folder = try Folder()
    var settings = settings(folder)
    settings.path = folder.path + "/nowhere/trace.db"
    let keeper = try TraceKeeper(settings)
    keeper.take(records(message(1)), lost: 0)
    keeper.flush()
    #expect(keeper.takeWarnings().count == 1)
    keeper.take(records(message(2)), lost: 0)
    keeper.flush()
    #expect(keeper.takeWarnings() == [])
  }

  /// More than there is room for is counted, whoever brings it.
  @Test func whatDoesNotFitIsCounted() throws {
    let folder = try Folder()
    let keeper = try TraceKeeper(settings(folder))
    let big = records([Event("smtpd", .text(String(repeating: "x", count: 9 << 20)), queueID: QueueID(rawValue: 1 << 40))])
    keeper.take(big, lost: 2)
    keeper.take(records(message(1)), lost: 0)
    keeper.flush()
    #expect(keeper.takeWarnings() == ["trace: 3 events lost: the disk is too slow"])
    #expect(try rows(folder).count == 1)
  }

  @Test func severalRowsKeepAll() throws {
    let folder = try Folder()
    let keeper = try TraceKeeper(settings(folder))
    keeper.take(records((0..<2000).flatMap { message($0) }), lost: 0)
    keeper.flush()
    let kept = try rows(folder)
    #expect(kept.count > 3)
    for number in [0, 999, 1999] { #expect(try rows(folder, [.messageID("\(number)@example.org".utf8)]).count == 1) }
    var later: [Int64] = []
    try TraceLibrary(path: folder.file).rows(after: kept[1].id) { later.append($0.id) }
    #expect(later == kept.dropFirst(2).map(\.id))
  }
}
