// SPDX-License-Identifier: Apache-2.0
import Runtime
import Testing

@testable import Mailbox

@Suite struct MaildirQuotaTests {
  private let folder = Folder()
  private let disk = LinuxDisk()
  /// Later than any file of the test, by less than the 15 minutes after which sizes are old.
  private static let soon: Int64 = 0

  private func store() -> MaildirStore { MaildirStore(disk: disk, volumes: Volumes(disk: disk)) }
  private func location() throws -> MaildirLocation { try #require(MaildirLocation(base: folder.path, relative: "ann/")) }

  private func hasRoom(_ quota: MaildirQuota, _ size: Int64, now: Int64 = soon) throws -> Bool {
    let location = try location()
    do throws(MailboxError) {
      try store().checkQuota(quota, of: location, adding: size, now: now)
      return true
    } catch {
      #expect(error.text == quota.text)
      #expect(error.status == (quota.isTemporary ? "4.2.2" : "5.2.2"))
      return false
    }
  }

  private var sizes: String? { folder.read("ann/maildirsize").map { String(decoding: $0, as: UTF8.self) } }

  private func put(_ name: String, _ count: Int, in place: String = "new") {
    folder.make("ann/\(place)")
    folder.write("ann/\(place)/\(name)", String(repeating: "x", count: count))
  }

  @Test func bytesHaveAnEdge() throws {
    let quota = MaildirQuota(bytes: 100, messages: 0)
    put("1", 60)
    #expect(try hasRoom(quota, 40))
    #expect(try !hasRoom(quota, 41))
    #expect(sizes == "100S\n60 1\n")
  }

  @Test func messagesHaveAnEdge() throws {
    let quota = MaildirQuota(bytes: 0, messages: 2, isTemporary: true, text: "no")
    put("1", 60)
    #expect(try hasRoom(quota, 1_000_000))
    put("2", 1, in: "cur")
    store().noteSize(1, quota, in: try location(), now: 0)
    #expect(try !hasRoom(quota, 0))
    #expect(sizes?.hasPrefix("2C\n61 2\n") == true || sizes == "2C\n60 1\n1 1\n")
  }

  /// As Dovecot's quota_grace: the message that crosses the limit may, the next one may not.
  @Test func graceIsForTheMessageThatCrossesTheLimit() {
    var quota = MaildirQuota(bytes: 100, messages: 0)
    quota.grace = 10
    for (used, size, fits) in [(99, 11, true), (99, 12, false), (100, 1, false), (50, 60, true), (50, 61, false), (110, 0, false), (100, 0, true)] {
      #expect(quota.hasRoom(for: Int64(size), in: MaildirUsage(bytes: Int64(used), messages: 1)) == fits, "\(used) + \(size)")
    }
    quota.grace = .max
    #expect(quota.hasRoom(for: .max, in: MaildirUsage(bytes: 99, messages: 1)))
    #expect(!quota.hasRoom(for: 1, in: MaildirUsage(bytes: .max, messages: 1)))
  }

  @Test func aMessageMayBeTooLong() throws {
    var quota = MaildirQuota(bytes: 0, messages: 0)
    quota.mailSize = 10
    let location = try location()
    try store().checkQuota(quota, of: location, adding: 10, now: 0)
    let error = #expect(throws: MailboxError.self) { try store().checkQuota(quota, of: location, adding: 11, now: 0) }
    #expect(error?.status == "5.2.3")
    // Nothing is counted.
    store().noteSize(10, quota, in: location, now: 0)
    #expect(sizes == nil)
  }

  @Test func someFoldersDoNotCount() throws {
    var quota = MaildirQuota(bytes: 1000, messages: 0)
    quota.ignored = [".Trash", ".Lists*"]
    put("1", 10)
    for (folder, size) in [(".Trash", 20), (".Trash.Old", 40), (".Lists", 80), (".Lists.Weir", 160), (".List", 320)] {
      put("1", size, in: "\(folder)/cur")
    }
    #expect(try hasRoom(quota, 1))
    #expect(sizes == "1000S\n370 3\n")
  }

  @Test(arguments: [
    ("Trash", ".Trash"), ("Lists/Weir", ".Lists.Weir"), ("A&B", ".A&-B"), ("Entwürfe", ".Entw&APw-rfe"), ("日本語", ".&ZeVnLIqe-"), ("😀", ".&2D3eAA-"),
    ("Ä/Ö", ".&AMQ-.&ANY-"), ("Lists/*", ".Lists.*"),
  ])
  func foldersOfMailboxes(_ mailbox: String, _ folder: String) { #expect(MaildirFolderName.of(mailbox) == folder) }

  @Test func lookingMakesNothing() throws {
    let quota = MaildirQuota(bytes: 100, messages: 0)
    #expect(quota.usage(of: try location(), adding: 1, disk: disk, now: 0) == nil)
    #expect(folder.read("ann/maildirsize") == nil)
    put("1", 60)
    #expect(quota.usage(of: try location(), adding: 1, disk: disk, now: 0) == MaildirUsage(bytes: 60, messages: 1))
  }

  @Test func allFoldersCount() throws {
    put("1", 10)
    put("2,S=500", 1, in: "cur")
    put("3:2,S", 30, in: ".Sent/cur")
    put("4", 40, in: ".Trash/new")
    put("5", 50, in: "other/new")
    folder.write("ann/new/.hidden", "xxxxxxxx")
    #expect(try hasRoom(MaildirQuota(bytes: 1000, messages: 10), 1))
    #expect(sizes == "1000S,10C\n580 4\n")
  }

  @Test func deliveriesAreNoted() throws {
    let quota = MaildirQuota(bytes: 1000, messages: 0)
    #expect(try hasRoom(quota, 1))
    store().noteSize(400, quota, in: try location(), now: 0)
    store().noteSize(500, quota, in: try location(), now: 0)
    #expect(sizes == "1000S\n0 0\n400 1\n500 1\n")
    #expect(try hasRoom(quota, 100))
    // Over the quota, by a file with several lines: the Maildir is looked at, and it is empty.
    #expect(try hasRoom(quota, 101))
    #expect(sizes == "1000S\n0 0\n")
  }

  @Test(arguments: ["2000S\n1 1\n", "1000S\nx y\n", "1000S\n1\n", "", "1000S\n-5 1\n"]) func whatCannotBeBelievedIsCountedAnew(_ text: String) throws
  {
    put("1", 7)
    folder.write("ann/maildirsize", text)
    #expect(try hasRoom(MaildirQuota(bytes: 1000, messages: 0), 1))
    #expect(sizes == "1000S\n7 1\n")
  }

  @Test func aLongFileIsMadeAnew() throws {
    put("1", 7)
    let quota = MaildirQuota(bytes: 1_000_000, messages: 0)
    folder.write("ann/maildirsize", "1000000S\n" + String(repeating: "1 1\n", count: 1277))
    #expect(sizes?.utf8.count == 5117)
    #expect(try hasRoom(quota, 1))
    #expect(sizes?.utf8.count == 5117)
    store().noteSize(1, quota, in: try location(), now: 0)
    #expect(try hasRoom(quota, 1))
    #expect(sizes == "1000000S\n7 1\n")
  }

  /// A fresh file of one line is right by definition.
  @Test func anOldFileIsNotBelievedWhenItSaysFull() throws {
    folder.make("ann/new")
    let quota = MaildirQuota(bytes: 10, messages: 0)
    folder.write("ann/maildirsize", "10S\n10 1\n")
    #expect(try !hasRoom(quota, 1))
    #expect(try hasRoom(quota, 1, now: .max))
  }

  @Test func aLinkIsNotFollowed() throws {
    folder.make("ann/new")
    folder.write("target", "keep")
    folder.link("ann/maildirsize", to: "\(folder.path)/target")
    let location = try location()
    #expect(throws: MailboxError.self) { try store().checkQuota(MaildirQuota(bytes: 1, messages: 0), of: location, adding: 1, now: 0) }
    #expect(folder.read("target") == Array("keep".utf8))
  }
}
