// SPDX-License-Identifier: Apache-2.0
import Bytes
import Foundation
import Runtime
import Testing

@testable import Mailbox

/// A mailbox file `inbox` in a folder of the real disk.
private final class Box {
  let folder = Folder()
  let disk = LinuxDisk()
  let store: MboxStore
  var rules = MboxRules()
  var now: Int64 = 0

  init() { store = MboxStore(disk: disk) }

  var content: String? { folder.read("inbox").map { String(decoding: $0, as: UTF8.self) } }

  func location(_ name: String = "inbox") throws -> MboxLocation { try #require(MboxLocation(base: folder.path, relative: name)) }

  @discardableResult
  func deliver(_ pieces: String..., name: String = "n", to file: String = "inbox", looks: Bool = false, user: String? = nil) throws
    -> MboxStore.Outcome
  {
    try store.deliver(text(pieces), name: name, to: location(file), rules, looks: looks, user: user, now: now)
  }

  func text(_ pieces: [String]) -> MboxText {
    MboxText(separator: Array("From a@b  Thu Feb  7 10:00:00 2013\n".utf8)) { sink throws(DiskError) in
      for piece in pieces { try Array(piece.utf8).withBytes { bytes throws(DiskError) in try sink(bytes) } }
      return true
    }
  }

  func error(_ pieces: String..., to file: String = "inbox", user: String? = nil) throws -> MailboxError? {
    let location = try location(file)
    do throws(MailboxError) {
      _ = try store.deliver(text(pieces), name: "n", to: location, rules, looks: false, user: user, now: now)
      return nil
    } catch {
      return error
    }
  }
}

private let separator = "From a@b  Thu Feb  7 10:00:00 2013\n"

@Suite struct MboxStoreTests {
  @Test func messagesFollowEachOther() throws {
    let box = Box()
    #expect(try box.deliver("A: b\n\nFrom me\n", "Fr", "om you\n>From him\n From\nFrom:\n") == .written)
    #expect(try box.deliver("A: c\n\nno end") == .written)
    #expect(
      box.content == separator + "A: b\n\n>From me\n>From you\n>From him\n From\nFrom:\n\n" + separator + "A: c\n\nno end\n\n")
    #expect(box.folder.mode("inbox") == 0o600)
    #expect(box.folder.list("") == ["inbox"])
  }

  @Test(arguments: [
    ("", "\n"), ("\n", "\n\n"), ("From", "From\n\n"), ("From ", ">From \n\n"), ("x\nFrom ", "x\n>From \n\n"), ("xFrom \n", "xFrom \n\n"),
    ("F\nFrom x", "F\n>From x\n\n"),
    ("Fr\r\n", "Fr\r\n\n"), ("FFrom \n", "FFrom \n\n"),
  ])
  func linesAreQuoted(_ given: String, _ written: String) throws {
    let whole = Box()
    try whole.deliver(given)
    #expect(whole.content == separator + written)
    // Byte by byte.
    let store = MboxStore(disk: whole.disk)
    let text = MboxText(separator: Array(separator.utf8)) { sink throws(DiskError) in
      for byte in given.utf8 { try [byte].withBytes { bytes throws(DiskError) in try sink(bytes) } }
      return true
    }
    _ = try store.deliver(text, name: "n", to: whole.location("trickled"), MboxRules(), looks: false, user: nil, now: 0)
    #expect(whole.folder.read("trickled") == whole.folder.read("inbox"))
  }

  @Test func aLongMessage() throws {
    let box = Box()
    let line = String(repeating: "x", count: 99) + "\n"
    let body = String(repeating: line, count: 5000)
    try box.deliver("A: b\n\n", body)
    #expect(box.content == separator + "A: b\n\n" + body + "\n")
  }

  @Test func aFileWithoutALastLineFeedGetsOne() throws {
    let box = Box()
    box.folder.write("inbox", "From x\n\nopen")
    try box.deliver("A: b\n")
    #expect(box.content == "From x\n\nopen\n" + separator + "A: b\n\n")
  }

  @Test func foldersAreMade() throws {
    let box = Box()
    try box.deliver("A: b\n", to: "example.com/ann/inbox")
    #expect(box.folder.read("example.com/ann/inbox") != nil)
    #expect(box.folder.mode("example.com/ann") == 0o700)
  }

  /// The limit is on the whole file.
  @Test func aMailboxHasASize() throws {
    let box = Box()
    let length = Int64((separator + "A: b\n\n").utf8.count)
    box.rules.sizeLimit = 2 * length
    try box.deliver("A: b\n")
    try box.deliver("A: b\n")
    let error = try #require(try box.error("A: b\n", user: "joe"))
    #expect(error.status == "5.2.2")
    #expect(error.isPermanent)
    #expect(error.text == "cannot update mailbox \(box.folder.path)/inbox for user joe. error writing message: File too large")
    #expect(box.content?.utf8.count == Int(2 * length))
    box.rules.sizeLimit = 3 * length - 1
    #expect(try box.error("A: b\n")?.text == "mailbox \(box.folder.path)/inbox: error writing message: File too large")
    box.rules.sizeLimit = 3 * length
    try box.deliver("A: b\n")
    box.rules.sizeLimit = 0
    try box.deliver("A: b\n")
    #expect(box.content?.utf8.count == Int(4 * length))
  }

  @Test func whatIsNoFileIsLeftAlone() throws {
    let box = Box()
    box.folder.make("inbox")
    #expect(try #require(try box.error("A: b\n")).text.contains("Is a directory"))
    box.folder.write("target", "")
    box.folder.link("link", to: "\(box.folder.path)/target")
    #expect(try #require(try box.error("A: b\n", to: "link")).kind == .notFolder)
    #expect(box.folder.read("target") == [])
    #expect(mkfifo("\(box.folder.path)/fifo", 0o600) == 0)
    let error = try #require(try box.error("A: b\n", to: "fifo"))
    #expect(error.status == "5.2.0")
    #expect(error.text.hasSuffix("fifo is not a regular file"))
  }
}

@Suite struct MboxReplayTests {
  @Test func aWholeCopyIsFound() throws {
    let box = Box()
    try box.deliver("A: b\n\nx\n")
    try box.deliver("A: c\n\nx\n")
    let before = box.content
    #expect(try box.deliver("A: b\n\nx\n", looks: true) == .found)
    #expect(try box.deliver("A: c\n\nx\n", looks: true) == .found)
    #expect(box.content == before)
    #expect(try box.deliver("A: d\n\nx\n", looks: true) == .written)
  }

  /// Whatever is still NUL is filled in, also when other mail came behind it.
  @Test(arguments: [0, 1, 40, 300, 511, 512, 513, 1000]) func aBegunCopyIsCompleted(_ missing: Int) throws {
    let box = Box()
    let body = "A: b\n\n" + String(repeating: "y", count: 1200) + "\n"
    try box.deliver("A: a\n")
    let begin = try #require(box.content).utf8.count
    try box.deliver(body)
    let whole = try #require(box.content)
    var bytes = Array(whole.utf8)
    bytes[begin] = 0
    for index in begin..<min(bytes.count, begin + missing) { bytes[index] = 0 }
    box.folder.write("inbox", String(decoding: bytes, as: UTF8.self))
    try box.deliver("A: later\n")
    #expect(try box.deliver(body, looks: true) == .written)
    // Behind a copy of which not even the end is there, a line feed was needed.
    #expect(box.content?.hasPrefix(whole) == true)
    #expect(box.content?.hasSuffix(separator + "A: later\n\n") == true)
    #expect(box.content?.components(separatedBy: "From a@b").count == 4)
  }

  @Test func anotherMessageIsNotTakenForIt() throws {
    let box = Box()
    let long = String(repeating: "y", count: 400)
    try box.deliver("A: b\n\n\(long)1\n")
    #expect(try box.deliver("A: b\n\n\(long)2\n", looks: true) == .written)
    #expect(box.content?.components(separatedBy: "From a@b").count == 3)
  }

  /// A message with a first byte and holes is nothing that a crash leaves.
  @Test func aHoleBehindAFirstByteIsNotTouched() throws {
    let box = Box()
    box.folder.write("inbox", separator + "A: b\n\n\0\0\n\n")
    #expect(try box.deliver("A: b\n\nxx\n", looks: true) == .written)
    #expect(box.content == separator + "A: b\n\n\0\0\n\n" + separator + "A: b\n\nxx\n\n")
  }

  @Test func nothingIsFoundInAnEmptyFile() throws {
    let box = Box()
    #expect(try box.deliver("A: b\n", looks: true) == .written)
  }
}

@Suite struct MboxLockTests {
  @Test(arguments: [MboxRules.Locks.fcntl, .flock, [.fcntl, .flock, .dotlock]]) func whatAnotherHasLockedIsBusy(_ locks: MboxRules.Locks) throws {
    let box = Box()
    box.rules.locks = locks
    try box.deliver("A: a\n")
    let other = try box.disk.open("\(box.folder.path)/inbox", at: nil, [.read, .write], mode: 0)
    #expect(try locks.contains(.fcntl) ? box.disk.lockRecords(other) : box.disk.lock(other))
    let error = try #require(try box.error("A: b\n", user: "joe"))
    #expect(error.kind == .busy)
    #expect(error.status == "4.2.0")
    #expect(
      error.text
        == "cannot update mailbox \(box.folder.path)/inbox for user joe. unable to lock for exclusive access: Resource temporarily unavailable")
    #expect(box.folder.list("") == ["inbox"])
    try box.disk.close(other)
    try box.deliver("A: b\n")
  }

  @Test func aDotLockKeepsOutUntilItIsStale() throws {
    let box = Box()
    box.now = Int64(Date().timeIntervalSince1970 * 1_000_000)
    box.folder.write("inbox.lock", "")
    let error = try #require(try box.error("A: b\n"))
    #expect(error.kind == .busy)
    #expect(error.text == "mailbox \(box.folder.path)/inbox: unable to create lock file \(box.folder.path)/inbox.lock: File exists")
    box.now += 499_000_000
    #expect(try box.error("A: b\n")?.kind == .busy)
    box.now += 3_000_000
    try box.deliver("A: b\n")
    #expect(box.folder.list("") == ["inbox"])
  }

  @Test func aDotLockMeansNothingWhereItIsNotUsed() throws {
    let box = Box()
    box.folder.write("inbox.lock", "")
    box.rules.locks = .fcntl
    try box.deliver("A: b\n")
    #expect(box.folder.list("") == ["inbox", "inbox.lock"])
  }
}
