// SPDX-License-Identifier: Apache-2.0
import Delivery
import Mailbox
import Runtime
import Testing

@Suite struct UserDirectoryTests {
  private static let joe = SystemUser(name: "joe", uid: 1000, gid: 1000, home: "/home/joe")

  private func directory(
    _ settings: UserSettings = UserSettings(virtualMailboxBase: "/var/mail/vhosts"), table: [String: String] = [:], system: [SystemUser] = [joe]
  ) -> UserDirectory {
    UserDirectory(settings, virtualMailbox: { table[$0] }, systemUser: { name throws(SystemError) in system.first { $0.name == name } })
  }

  @Test func virtualUsersHaveAPathBelowTheBase() throws {
    let directory = directory(table: ["ann@example.com": "example.com/ann/"])
    let mailbox = try #require(try directory.find("ann@example.com", .virtual, now: 0))
    #expect(mailbox.location.path == "/var/mail/vhosts/example.com/ann")
    #expect(mailbox.owner == nil)
    #expect(directory.hasVirtual("ann@example.com"))
    #expect(try directory.find("bob@example.com", .virtual, now: 0) == nil)
    #expect(try directory.isUser("ann@example.com", .virtual, now: 0))
    #expect(!directory.hasVirtual("bob@example.com"))
  }

  @Test func aDomainMayCatchAll() throws {
    let directory = directory(table: ["@example.com": "all/", "ann@example.com": "ann/"])
    #expect(try directory.find("bob@example.com", .virtual, now: 0)?.location.path == "/var/mail/vhosts/all")
    #expect(try directory.find("ann@example.com", .virtual, now: 0)?.location.path == "/var/mail/vhosts/ann")
  }

  @Test func extensionsNeedADelimiter() throws {
    let table = ["ann@example.com": "ann/"]
    #expect(try directory(table: table).find("ann+x@example.com", .virtual, now: 0) == nil)
    let settings = UserSettings(virtualMailboxBase: "/v", recipientDelimiter: "+")
    #expect(try directory(settings, table: table).find("ann+x@example.com", .virtual, now: 0)?.location.path == "/v/ann")
    #expect(try directory(settings).find("joe+x@example.com", .local, now: 0)?.owner == Self.joe)
    #expect(try directory().find("joe+x@example.com", .local, now: 0) == nil)
  }

  @Test(arguments: ["../../etc/cron.d/", "a/../../b/", "..//", "/", "../ann", "a/../b", "."])
  func pathsThatLeadOutAreRefused(_ value: String) {
    #expect(throws: UserLookupError.self) { try directory(table: ["ann@x": value]).find("ann@x", .virtual, now: 0) }
  }

  @Test func withoutABaseNothingIsWritten() {
    let error = #expect(throws: UserLookupError.self) {
      try directory(UserSettings(virtualMailboxBase: ""), table: ["ann@x": "ann/"]).find("ann@x", .virtual, now: 0)
    }
    #expect(error?.text == "virtual_mailbox_base is not set")
    #expect(error?.status == "4.3.5")
  }

  @Test(arguments: ["joe@example.com", "JOE@example.com", "joe", "Joe@"]) func systemUsersAreFoundInAnyCase(_ address: String) throws {
    let mailbox = try #require(try directory().find(address, .local, now: 0))
    #expect(mailbox.location.path == "/home/joe/Maildir")
    #expect(mailbox.owner == Self.joe)
  }

  @Test(arguments: ["ann@example.com", "", "@example.com", "joe smith@x", "../joe@x", "\0joe@x"]) func strangersAreNot(_ address: String) throws {
    #expect(try directory().find(address, .local, now: 0) == nil)
    #expect(try !directory().isUser(address, .local, now: 0))
    #expect(try !directory().isUser(address, .virtual, now: 0))
    #expect(try !directory().isUser("joe@x", .remote, now: 0))
  }

  /// prepend_delivered_header is local(8)'s: virtual(8) always adds the field.
  @Test func deliveredToIsForLocalUsersToLeaveOut() throws {
    var settings = UserSettings(virtualMailboxBase: "/v")
    settings.prependsDeliveredTo = false
    let directory = directory(settings, table: ["ann@x": "ann/"])
    #expect(try directory.find("joe@x", .local, now: 0)?.prependsDeliveredTo == false)
    #expect(try directory.find("ann@x", .virtual, now: 0)?.prependsDeliveredTo == true)
  }

  @Test func theLocalTransportMayBeAnError() throws {
    var settings = UserSettings(virtualMailboxBase: "/v")
    settings.localError = ("5.2.1", "gone")
    let directory = directory(settings, table: ["ann@x": "ann/"])
    #expect(throws: UserLookupError.refused(status: "5.2.1", text: "gone")) { try directory.find("joe@x", .local, now: 0) }
    #expect(try directory.find("ann@x", .virtual, now: 0) != nil)
  }

  @Test func rootGetsNoMailbox() throws {
    let root = SystemUser(name: "root", uid: 0, gid: 0, home: "/root")
    let error = #expect(throws: UserLookupError.self) { try directory(system: [root]).find("root@x", .local, now: 0) }
    #expect(error?.text == "mail for root needs an alias: no mailbox is written as root")
    #expect(try directory(system: [root]).isUser("root@x", .local, now: 0))
    var settings = UserSettings(virtualMailboxBase: "")
    settings.rootMailbox = MailboxLocation(base: "/var/lib/weir", relative: "root/")
    let other = UserDirectory(settings, virtualMailbox: { _ in nil }, systemUser: { _ throws(SystemError) in root })
    let mailbox = try other.find("root@x", .local, now: 0)
    #expect(mailbox?.location.path == "/var/lib/weir/root" && mailbox?.owner == nil)
  }

  @Test(arguments: [("Mailbox", "/home/joe/Mailbox"), ("mail/inbox", "/home/joe/mail/inbox")])
  func aPathWithoutASlashIsAFile(_ relative: String, _ path: String) throws {
    let settings = UserSettings(virtualMailboxBase: "", homeMailbox: relative, localRules: MboxRules(locks: .flock, sizeLimit: 7))
    let mailbox = try #require(try directory(settings).find("joe", .local, now: 0))
    #expect(mailbox.location == MboxLocation(base: "/home/joe", relative: relative).map(MailboxLocation.mbox))
    #expect(mailbox.location.path == path)
    #expect(mailbox.rules == MboxRules(locks: .flock, sizeLimit: 7))
    #expect(!mailbox.isInSpool)
  }

  @Test(arguments: [("/var/spool/mail", "/var/spool/mail/joe", "delivered to mailbox"), ("/var/mail/", "/var/mail/joe", "delivered to maildir")])
  func withoutHomeMailboxItIsTheSpool(_ folder: String, _ path: String, _ text: String) throws {
    let settings = UserSettings(virtualMailboxBase: "", homeMailbox: "", mailSpoolDirectory: folder)
    let mailbox = try #require(try directory(settings).find("JOE@x", .local, now: 0))
    #expect(mailbox.location.path == path)
    #expect(mailbox.sentText == text)
    #expect(mailbox.isInSpool)
  }

  @Test func virtualMailboxesHaveOwners() throws {
    let ids = ["ann@x": "5000", "@x": "6000", "low@x": "99", "word@x": "ann", "nobody@y": "7000"]
    let owner = VirtualOwner(uid: { ids[$0] }, gid: { $0 == "ann@x" ? "5001" : $0 == "@x" ? "6001" : nil }, minimumUID: 100)
    let directory = UserDirectory(
      UserSettings(virtualMailboxBase: "/v", recipientDelimiter: "+", virtualRules: MboxRules(sizeLimit: 9)), virtualMailbox: { _ in "box" },
      virtualOwner: owner)
    let ann = try #require(try directory.find("ann+news@x", .virtual, now: 0))
    #expect(ann.owner == SystemUser(name: "", uid: 5000, gid: 5001, home: "/"))
    #expect(ann.rules.sizeLimit == 9)
    #expect(try directory.find("bob@x", .virtual, now: 0)?.owner?.uid == 6000)
    for (address, text) in [
      ("low@x", "recipient low@x: bad uid 99 in virtual_uid_maps"), ("word@x", "recipient word@x: bad uid ann in virtual_uid_maps"),
      ("ann@z", "recipient ann@z: uid not found in virtual_uid_maps"), ("nobody@y", "recipient nobody@y: gid not found in virtual_gid_maps"),
    ] {
      let error = #expect(throws: UserLookupError.self) { try directory.find(address, .virtual, now: 0) }
      #expect(error?.text == text)
      #expect(error?.status == "4.3.5")
    }
  }

  @Test(arguments: [
    (UInt32(0), "0", false), (0, "1", true), (100, "100", true), (100, "99", false), (1, "4294967294", true), (1, "4294967295", false),
  ])
  func noMailboxIsWrittenAsRootOrNobody(_ minimum: UInt32, _ uid: String, _ isGood: Bool) throws {
    let directory = UserDirectory(
      UserSettings(virtualMailboxBase: "/v"), virtualMailbox: { _ in "box" },
      virtualOwner: VirtualOwner(uid: { _ in uid }, gid: { _ in "1" }, minimumUID: minimum))
    let mailbox = try? directory.find("a@x", .virtual, now: 0)
    #expect((mailbox != nil) == isGood)
  }

  @Test func aDatabaseThatIsDownIsNoStranger() {
    let directory = UserDirectory(UserSettings(virtualMailboxBase: ""), virtualMailbox: { _ in nil }) { _ throws(SystemError) in
      throw SystemError(code: 5, operation: "getpwnam_r")
    }
    let error = #expect(throws: UserLookupError.self) { try directory.find("joe", .local, now: 0) }
    #expect(error?.status == "4.3.0")
    #expect(error?.text == "user lookup error: getpwnam_r: Input/output error")
  }

  @Test func usersAreRememberedForSecondsAndStrangersNever() throws {
    let asked = Monitor<[String]>([])
    let directory = UserDirectory(UserSettings(virtualMailboxBase: ""), virtualMailbox: { _ in nil }) { name throws(SystemError) in
      asked.withLock { $0.append(name) }
      return name == "joe" ? Self.joe : nil
    }
    for now in [0, 1, 4_999_999, 5_000_000, 4_999_999] as [Int64] { #expect(try directory.find("joe", .local, now: now) != nil) }
    #expect(asked.withLock { $0 } == ["joe", "joe", "joe"])
    for now in [0, 1] as [Int64] { #expect(try directory.find("ann", .local, now: now) == nil) }
    #expect(asked.withLock { $0 } == ["joe", "joe", "joe", "ann", "ann"])
  }
}
