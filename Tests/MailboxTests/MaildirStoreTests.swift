// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Runtime
import Testing

@Suite struct MaildirStoreTests {
  private let folder = Folder()
  private let disk = LinuxDisk()

  private func location(_ relative: String = "joe/Maildir/") throws -> MaildirLocation {
    try #require(MaildirLocation(base: folder.path, relative: relative))
  }

  @Test func deliversIntoNewAndMakesTheMaildir() throws {
    let store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    let delivery = try store.deliver("1.M2Q3R0.vm", to: location(), "A: b\n\nböse \u{1}\n")
    #expect(folder.list("joe/Maildir") == ["cur", "new", "tmp"])
    #expect(folder.list("joe/Maildir/new") == ["1.M2Q3R0.vm"])
    #expect(folder.list("joe/Maildir/tmp") == [])
    #expect(folder.read("joe/Maildir/new/1.M2Q3R0.vm") == Array("A: b\n\nböse \u{1}\n".utf8))
    #expect(delivery.seal.length == 14)
    for name in ["joe", "joe/Maildir", "joe/Maildir/tmp", "joe/Maildir/new", "joe/Maildir/cur"] { #expect(folder.mode(name) == 0o700) }
    #expect(folder.mode("joe/Maildir/new/1.M2Q3R0.vm") == 0o600)
  }

  @Test func piecesAreWrittenInOrder() throws {
    let store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    let whole = try store.deliver("whole", to: location(), "header\nbody\n")
    let pieces = try store.deliver("pieces", to: location(), now: 0) { writer throws(DiskError) in
      try writer.write(Array("header\n".utf8))
      try writer.write([UInt8]())
      try writer.write(Array("body\n".utf8))
    }
    #expect(pieces == whole)
    #expect(folder.read("joe/Maildir/new/pieces") == folder.read("joe/Maildir/new/whole"))
  }

  @Test func eightBitBytesAreKept() throws {
    let bytes = (0...255).map(UInt8.init)
    _ = try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location(), now: 0) { writer throws(DiskError) in
      try writer.write(bytes)
    }
    #expect(folder.read("joe/Maildir/new/n") == bytes)
  }

  @Test func leftoversOfACrashAreReplaced() throws {
    folder.make("joe/Maildir/tmp")
    folder.make("joe/Maildir/new")
    folder.write("joe/Maildir/tmp/n", "half of an old")
    folder.write("joe/Maildir/new/n", "")
    try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location(), "all\n")
    #expect(folder.read("joe/Maildir/new/n") == Array("all\n".utf8))
    #expect(folder.list("joe/Maildir/tmp") == [])
  }

  @Test func aLinkLeftInTmpIsNotFollowed() throws {
    folder.make("joe/Maildir/tmp")
    folder.write("victim", "untouched")
    folder.link("joe/Maildir/tmp/n", to: "\(folder.path)/victim")
    try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location(), "mail\n")
    #expect(folder.read("victim") == Array("untouched".utf8))
    #expect(folder.read("joe/Maildir/new/n") == Array("mail\n".utf8))
  }

  @Test(arguments: ["joe", "joe/Maildir", "joe/Maildir/tmp", "joe/Maildir/new", "joe/Maildir/cur"])
  func linksInThePathAreRefused(_ name: String) throws {
    folder.make("elsewhere/Maildir/tmp")
    folder.make("elsewhere/tmp")
    folder.make("elsewhere/new")
    if name.contains("/") { folder.make(String(name.prefix(upTo: name.lastIndex(of: "/") ?? name.startIndex))) }
    folder.link(name, to: "\(folder.path)/elsewhere")
    let error = #expect(throws: MailboxError.self) {
      try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location(), "mail\n")
    }
    #expect(error?.kind == .notFolder)
    #expect(folder.list("elsewhere/new") == [])
    #expect(folder.list("elsewhere") == ["Maildir", "new", "tmp"])
  }

  @Test func theBaseMayBeALink() throws {
    folder.make("real")
    folder.link("base", to: "real")
    let location = try #require(MaildirLocation(base: "\(folder.path)/base", relative: "joe"))
    try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location, "mail\n")
    #expect(folder.list("real/joe/new") == ["n"])
  }

  @Test func theBaseIsNotMade() throws {
    let location = try #require(MaildirLocation(base: "\(folder.path)/unmounted", relative: "joe"))
    let error = #expect(throws: MailboxError.self) { try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location, "mail\n") }
    #expect(error?.text == "maildir delivery failed: create maildir file \(folder.path)/unmounted/joe/tmp/n: No such file or directory")
    #expect(error?.status == "4.2.0")
    #expect(folder.list("") == [])
  }

  @Test func aFileInPlaceOfTheMaildirIsAnError() throws {
    folder.write("joe", "a mailbox file")
    let error = #expect(throws: MailboxError.self) {
      try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location("joe"), "mail\n")
    }
    #expect(error?.kind == .notFolder)
    #expect(folder.read("joe") == Array("a mailbox file".utf8))
  }

  @Test func aRemovedMaildirIsMadeAgain() throws {
    let store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    try store.deliver("first", to: location(), "1\n")
    folder.remove("joe")
    try store.deliver("second", to: location(), "2\n")
    #expect(folder.list("joe/Maildir/new") == ["second"])
  }

  @Test func aMovedMaildirIsNoticedAfterAWhile() throws {
    let store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    try store.deliver("first", to: location(), now: 0, "1\n")
    folder.move("joe", to: "old")
    try store.deliver("second", to: location(), now: 9_999, "2\n")
    #expect(folder.list("old/Maildir/new") == ["first", "second"])
    try store.deliver("third", to: location(), now: 10_000, "3\n")
    #expect(folder.list("joe/Maildir/new") == ["third"])
  }

  @Test func aClockThatGoesBackIsNoTrouble() throws {
    let store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    for now in [Int64.max, 0, Int64.min, Int64.max] { try store.deliver("n\(now)", to: location(), now: now, "1\n") }
    #expect(folder.list("joe/Maildir/new").count == 3)
  }

  @Test(arguments: [1, 2, 3]) func manyMaildirsShareFewDescriptors(_ capacity: Int) throws {
    let store = MaildirStore(disk: disk, capacity: capacity, volumes: Volumes(disk: disk))
    for round in 0..<3 {
      for user in 0..<5 { try store.deliver("n\(round)", to: location("user\(user)"), "mail\n") }
    }
    for user in 0..<5 { #expect(folder.list("user\(user)/new") == ["n0", "n1", "n2"]) }
  }

  @Test func whereItMustBeDurableItIs() throws {
    let delivery = try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location(), now: 0, durable: true) {
      writer throws(DiskError) in
      try writer.write(Array("mail\n".utf8))
    }
    #expect(delivery.isDurable)
    #expect(folder.list("joe/Maildir/new") == ["n"])
  }

  @Test func nothingRemainsOfAFailedDelivery() throws {
    let error = #expect(throws: MailboxError.self) {
      try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location(), now: 0) { writer throws(DiskError) in
        try writer.write(Array("half".utf8))
        throw DiskError(code: DiskError.full, operation: "write")
      }
    }
    #expect(error?.kind == .full)
    #expect(error?.status == "4.3.1")
    #expect(error?.text == "maildir delivery failed: error writing message: No space left on device")
    #expect(folder.list("joe/Maildir/tmp") == [])
    #expect(folder.list("joe/Maildir/new") == [])
  }

  /// What a thread of its own saw.
  private final class Seen: @unchecked Sendable { var error: MailboxError? }

  @Test func foldersThatMayNotBeWrittenAreReported() throws {
    folder.make("joe/tmp")
    for name in ["joe/tmp", "joe", ""] { folder.setMode(name, 0o555) }
    defer { for name in ["", "joe", "joe/tmp"] { folder.setMode(name, 0o755) } }
    let (disk, location, seen) = (disk, try location("joe"), Seen())
    let thread = try Thread(name: "stranger") {
      // Root may write everywhere, so become somebody else.
      let stranger = SystemUser(name: "stranger", uid: 54_321, gid: 54_321, home: "/")
      if SystemUser.currentUID == 0 { do throws(SystemError) { try Identity.assume(stranger, groups: []) } catch { return } }
      do throws(MailboxError) { try MaildirStore(disk: disk, volumes: Volumes(disk: disk)).deliver("n", to: location, "mail\n") } catch {
        seen.error = error
      }
    }
    thread.join()
    #expect(seen.error?.kind == .forbidden)
    #expect(seen.error?.text == "maildir delivery failed: create maildir file \(folder.path)/joe/tmp/n: Permission denied")
  }
}
