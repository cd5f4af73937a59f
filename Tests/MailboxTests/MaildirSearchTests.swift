// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Runtime
import Testing

@Suite struct MaildirSearchTests {
  private let folder = Folder()
  private let disk = LinuxDisk()
  private let location: MaildirLocation
  private let seal: FileSeal
  private let store: MaildirStore

  init() throws {
    location = try #require(MaildirLocation(base: folder.path, relative: "Maildir"))
    store = MaildirStore(disk: disk, volumes: Volumes(disk: disk))
    seal = try store.deliver("n", to: location, "A: b\n\nbody\n").seal
  }

  private func find(_ name: String = "n") throws -> MaildirSearch.Finding { try MaildirSearch(disk: disk).find(name, in: location, seal) }

  @Test func aWholeFileIsFoundInNew() throws { #expect(try find() == .intact) }

  @Test(arguments: ["n", "n:2,", "n:2,FS", "n:1,x", "n:"]) func aFileThatWasSeenIsFoundInCur(_ flagged: String) throws {
    folder.move("Maildir/new/n", to: "Maildir/cur/\(flagged)")
    #expect(try find() == .intact)
  }

  @Test(arguments: ["", "A: b\n\nbodY\n", "A: b\n\nbody\n\n", "A: b\n\nbody", "\0\0\0\0\0\0\0\0\0\0\0"])
  func otherContentIsDamage(_ content: String) throws {
    folder.write("Maildir/new/n", content)
    #expect(try find() == .damaged(.new))
    folder.move("Maildir/new/n", to: "Maildir/cur/n:2,S")
    #expect(try find() == .damaged(.current("n:2,S")))
  }

  @Test func damageIsWrittenAgainUnderTheSameName() throws {
    folder.write("Maildir/new/n", "")
    folder.move("Maildir/new/n", to: "Maildir/cur/n:2,S")
    guard case .damaged(let place) = try find() else { throw Missed() }
    #expect(try store.deliver("n", to: location, at: place, "A: b\n\nbody\n").seal == seal)
    #expect(folder.list("Maildir/cur") == ["n:2,S"])
    #expect(folder.list("Maildir/new") == [])
    #expect(folder.list("Maildir/tmp") == [])
    #expect(try find() == .intact)
  }

  private struct Missed: Error {}

  @Test(arguments: ["m", "n:2,", "nn", ""]) func otherNamesAreAbsent(_ name: String) throws {
    folder.write("Maildir/cur/nnn:2,", "A: b\n\nbody\n")
    let finding = name.isEmpty ? try find("o") : try find(name)
    #expect(finding == .absent)
  }

  @Test func aNameIsLocatedWhateverItHolds() throws {
    let search = { MaildirSearch(disk: self.disk) }
    #expect(try search().locate("n", in: location) == .new)
    #expect(try search().locate("m", in: location) == nil)
    folder.write("Maildir/new/n", "")
    folder.move("Maildir/new/n", to: "Maildir/cur/n:2,RS")
    #expect(try search().locate("n", in: location) == .current("n:2,RS"))
    folder.remove("Maildir/cur")
    #expect(try search().locate("n", in: location) == nil)
    folder.remove("Maildir")
    #expect(try search().locate("n", in: location) == nil)
  }

  @Test func aMaildirThatIsGoneHoldsNothing() throws {
    folder.remove("Maildir/cur")
    #expect(try find("m") == .absent)
    folder.remove("Maildir")
    #expect(try find() == .absent)
    folder.remove("")
    #expect(try find() == .absent)
  }

  @Test func whatIsNotAFileIsDamage() throws {
    folder.remove("Maildir/new/n")
    folder.make("Maildir/new/n")
    #expect(try find() == .damaged(.new))
  }

  @Test func aLinkIsNotRead() throws {
    folder.move("Maildir/new/n", to: "copy")
    folder.link("Maildir/new/n", to: "\(folder.path)/copy")
    #expect(throws: MailboxError.self) { try find() }
  }

  @Test func bigFilesAreReadWhole() throws {
    let text = String(repeating: "0123456789abcde\n", count: 20_000)
    let big = try store.deliver("big", to: location, text).seal
    #expect(big.length == 320_000)
    #expect(try MaildirSearch(disk: disk).find("big", in: location, big) == .intact)
    folder.write("Maildir/new/big", text.dropLast(2) + "x\n")
    #expect(try MaildirSearch(disk: disk).find("big", in: location, big) == .damaged(.new))
  }

  @Test func aFileSystemIsSynchronizedOnceItIsKnown() throws {
    let volumes = Volumes(disk: disk)
    let delivery = try MaildirStore(disk: disk, volumes: volumes).deliver("v", to: location, "x\n")
    try volumes.synchronize(delivery.device)
    try volumes.synchronize(delivery.device &+ 1)
  }
}
