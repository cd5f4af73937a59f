// SPDX-License-Identifier: Apache-2.0
import Glibc
import Runtime
import Testing

@Suite struct SystemUserTests {
  private func current() throws -> SystemUser { try #require(try SystemUser.find(uid: SystemUser.currentUID)) }

  @Test func theCurrentUserIsFoundByNumberAndName() throws {
    let user = try current()
    #expect(user.uid == SystemUser.currentUID)
    #expect(user.home.hasPrefix("/"))
    #expect(try SystemUser.find(user.name) == user)
    #expect(try user.groups().contains(user.gid))
  }

  @Test(arguments: ["", "no-such-user-here", "../root", "root\0x", "a:b", String(repeating: "x", count: 100_000)])
  func strangersAreNotFound(_ name: String) throws { #expect(try SystemUser.find(name) == nil) }

  @Test func aNumberWithoutEntryIsNotFound() throws { #expect(try SystemUser.find(uid: 3_999_999_999) == nil) }

  @Test func nobodyBecomesRoot() {
    let root = SystemUser(name: "root", uid: 0, gid: 0, home: "/root")
    #expect(throws: SystemError.self) { try Identity.assume(root, groups: []) }
    #expect(throws: SystemError.self) { try Identity.keepOnlyAssuming(as: root) }
    let group = SystemUser(name: "x", uid: 1, gid: 0, home: "/")
    #expect(throws: SystemError.self) { try Identity.assume(group, groups: []) }
  }

  /// What a thread of its own saw: the test's thread keeps its identity.
  private final class Seen: @unchecked Sendable {
    var owner: (uid_t, gid_t)?
    var error: SystemError?
  }

  @Test(.enabled(if: SystemUser.currentUID == 0)) func onlyTheCallingThreadChanges() throws {
    let folder = "/tmp/weir-users-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    mkdir(folder, 0o777)
    chmod(folder, 0o777)
    defer { rmdir(folder) }
    let user = SystemUser(name: "stranger", uid: 54_321, gid: 54_322, home: folder)
    let seen = Seen()
    let thread = try Thread(name: "assume") {
      do throws(SystemError) { try Identity.assume(user, groups: [54_323]) } catch { return seen.error = error }
      seen.owner = Self.ownerOfNewFile("\(folder)/theirs")
    }
    thread.join()
    #expect(seen.error == nil)
    #expect(seen.owner?.0 == 54_321)
    #expect(seen.owner?.1 == 54_322)
    #expect(Self.ownerOfNewFile("\(folder)/ours")?.0 == 0)
  }

  private static func ownerOfNewFile(_ path: String) -> (uid_t, gid_t)? {
    let descriptor = creat(path, 0o600)
    defer {
      close(descriptor)
      unlink(path)
    }
    var status = stat()
    return fstat(descriptor, &status) == 0 ? (status.st_uid, status.st_gid) : nil
  }

  @Test func localTimeHasAZone() {
    let zone = LocalZone.at(1_360_231_200_000_000)
    #expect(abs(zone.offset) <= 14 * 3600)
    #expect(!zone.name.isEmpty)
  }
}
