// SPDX-License-Identifier: Apache-2.0
import Delivery
import Foundation
import Mailbox
import Runtime
import Testing

@Suite struct RoomCheckTests {
  private let folder = Folder()

  private func check(_ quota: MaildirQuota?, capacity: Int = 0) -> RoomCheck {
    var settings = UserSettings(virtualMailboxBase: folder.path)
    settings.quota = quota
    let users = UserDirectory(settings, virtualMailbox: { key in key.hasPrefix("@") ? nil : String(key.prefix { $0 != "@" }) + "/" })
    return RoomCheck(users: users, disk: LinuxDisk())
  }

  private func put(_ size: Int, as name: String = "1") throws {
    try FileManager.default.createDirectory(atPath: "\(folder.path)/ann/new", withIntermediateDirectories: true)
    try Data(repeating: 120, count: size).write(to: URL(fileURLWithPath: "\(folder.path)/ann/new/\(name)"))
  }

  @Test func aFullMaildirIsKnownWithoutAnotherLook() throws {
    let check = check(MaildirQuota(bytes: 100, messages: 0))
    #expect(check.recall("ann@x", .virtual, size: 1, now: 0) == nil)
    // There is no such Maildir yet, and none is made.
    #expect(check.look("ann@x", .virtual, size: 1000, now: 0) == .room)
    try put(100)
    #expect(check.look("ann@x", .virtual, size: 1, now: 0) == .full)
    #expect(check.recall("ann@x", .virtual, size: 1, now: RoomCheck.lifetime - 1) == .full)
    #expect(check.recall("ann@x", .virtual, size: 1, now: RoomCheck.lifetime) == nil)
    #expect(check.recall("bob@x", .virtual, size: 1, now: 0) == nil)
  }

  /// What was enough to know for a small message may not be for a big one: the Maildir is looked at again before it is refused.
  @Test func aBiggerMessageIsLookedAtAnew() throws {
    let check = check(MaildirQuota(bytes: 100, messages: 0))
    try put(90)
    #expect(check.look("ann@x", .virtual, size: 5, now: 0) == .room)
    #expect(check.recall("ann@x", .virtual, size: 10, now: 0) == .room)
    #expect(check.recall("ann@x", .virtual, size: 11, now: 0) == nil)
    #expect(check.look("ann@x", .virtual, size: 11, now: 0) == .full)
  }

  @Test func lengthsAreLimited() {
    var quota = MaildirQuota(bytes: 0, messages: 0)
    quota.mailSize = 10
    let check = check(quota)
    #expect(check.look("ann@x", .virtual, size: 10, now: 0) == .room)
    #expect(check.look("ann@x", .virtual, size: 11, now: 0) == .tooLarge)
  }

  @Test func whoHasNoLimitHasRoom() throws {
    try put(1000)
    #expect(check(nil).look("ann@x", .virtual, size: 1000, now: 0) == .room)
    #expect(check(MaildirQuota(bytes: 1, messages: 0)).look("ann@x", .remote, size: 1000, now: 0) == .room)
  }

  @Test func memoryIsBounded() throws {
    let check = check(MaildirQuota(bytes: 1, messages: 0))
    for number in 0...RoomCheck.limit { _ = check.look("u\(number)@x", .virtual, size: 1, now: 0) }
    #expect(check.recall("u0@x", .virtual, size: 1, now: 0) == nil)
    #expect(check.recall("u\(RoomCheck.limit)@x", .virtual, size: 1, now: 0) == .room)
  }
}
