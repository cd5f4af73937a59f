// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Queue
import Runtime
import Tables

/// Says who has a mailbox here, and where it is. Safe to ask from any thread.
package final class UserDirectory: Sendable {
  private let settings: UserSettings
  private let virtualMailbox: @Sendable (String) -> String?
  private let virtualFails: @Sendable () -> Bool
  private let virtualOwner: VirtualOwner?
  private let systemUser: @Sendable (String) throws(SystemError) -> SystemUser?
  private let known: Monitor<KnownUsers>

  /// `virtualMailbox` is `virtual_mailbox_maps`: the value for a key; where there is none, `virtualFails` says whether there is none for now. `virtualOwner` says whose files these are; without it they are the
  /// server's own. `systemUser` asks the system, and may block.
  package init(
    _ settings: UserSettings, virtualMailbox: @escaping @Sendable (String) -> String?, virtualOwner: VirtualOwner? = nil,
    systemUser: @escaping @Sendable (String) throws(SystemError) -> SystemUser? = SystemUser.find,
    virtualFails: @escaping @Sendable () -> Bool = { false }
  ) {
    self.settings = settings
    self.virtualMailbox = virtualMailbox
    self.virtualFails = virtualFails
    self.virtualOwner = virtualOwner
    self.systemUser = systemUser
    known = Monitor(KnownUsers())
  }

  /// The mailbox of `address`; nil if there is no such user. Asks the system for local users: never call it on an event loop. `now` is in
  /// microseconds since 1970.
  package func find(_ address: String, _ route: Recipient.Route, now: Int64) throws(UserLookupError) -> UserMailbox? {
    switch route {
    case .virtual: return try findVirtual(address)
    case .local: return try findLocal(address, now)
    case .remote: return nil
    }
  }

  /// Whether mail for `address` is to be accepted: there is such a user, even if no mailbox can be written for it now. As `find`, not for an
  /// event loop.
  package func isUser(_ address: String, _ route: Recipient.Route, now: Int64) throws(UserLookupError) -> Bool {
    switch route {
    case .virtual: try known(virtualValue(address)) != nil
    case .local: try user(of: address, now) != nil
    case .remote: false
    }
  }

  // MARK: virtual users

  /// Whether `address` is in `virtual_mailbox_maps`. On an event loop it never blocks.
  package func hasVirtual(_ address: String) -> Bool { virtualValue(address) != nil }

  /// virtual(8): `user+ext@domain`, `user@domain`, `@domain`.
  private func virtualValue(_ address: String) -> String? { value(for: address, virtualMailbox) }

  /// That nothing was found means nothing where a table cannot tell.
  private func known(_ value: String?) throws(UserLookupError) -> String? {
    if value == nil, virtualFails() { throw .unavailable("virtual_mailbox_maps: table lookup problem") }
    return value
  }

  private func value(for address: String, _ table: (String) -> String?) -> String? {
    let (local, domain) = split(address)
    for key in AddressKey.virtualMailbox(local: local, domain: domain, delimiters: settings.recipientDelimiter) {
      if let value = table(key.text) { return value }
    }
    return nil
  }

  private func findVirtual(_ address: String) throws(UserLookupError) -> UserMailbox? {
    guard let value = try known(virtualValue(address)) else { return nil }
    let base = settings.virtualMailboxBase
    guard !base.isEmpty else { throw .unusable("virtual_mailbox_base is not set") }
    let location = try location(base, value, "virtual_mailbox_maps")
    let owner = try virtualOwner.map { owner throws(UserLookupError) in try owner.user(of: address) { self.value(for: address, $0) } }
    return UserMailbox(location: location, owner: owner, rules: settings.virtualRules, quota: settings.quota)
  }

  // MARK: system users

  private func findLocal(_ address: String, _ now: Int64) throws(UserLookupError) -> UserMailbox? {
    if let error = settings.localError { throw .refused(status: error.status, text: error.text) }
    guard let user = try user(of: address, now) else { return nil }
    if user.uid == 0, let location = settings.rootMailbox { return UserMailbox(location: location, owner: nil) }
    guard user.uid != 0 else { throw .unusable("mail for \(user.name) needs an alias: no mailbox is written as root") }
    var mailbox = UserMailbox(
      location: try localLocation(user), owner: user, isInSpool: settings.homeMailbox.isEmpty, rules: settings.localRules, quota: settings.quota)
    mailbox.prependsDeliveredTo = settings.prependsDeliveredTo
    return mailbox
  }

  private func localLocation(_ user: SystemUser) throws(UserLookupError) -> MailboxLocation {
    guard settings.homeMailbox.isEmpty else { return try location(user.home, settings.homeMailbox, "home_mailbox") }
    let spool = settings.mailSpoolDirectory
    return try location(spool, spool.utf8.last == 0x2F ? "\(user.name)/" : user.name, "mail_spool_directory")
  }

  /// local(8): the local part in lower case, and without its extension if that is nobody.
  private func user(of address: String, _ now: Int64) throws(UserLookupError) -> SystemUser? {
    let local = split(address).local.lowercased()
    if let user = try lookUp(local, now) { return user }
    guard let base = AddressKey.split(local, delimiters: settings.recipientDelimiter)?.base else { return nil }
    return try lookUp(base, now)
  }

  private func lookUp(_ name: String, _ now: Int64) throws(UserLookupError) -> SystemUser? {
    if let user = known.withLock({ $0.find(name, now) }) { return user }
    do throws(SystemError) {
      guard let user = try systemUser(name) else { return nil }
      known.withLock { $0.remember(user, as: name, now) }
      return user
    } catch {
      throw .unavailable(error.description)
    }
  }

  // MARK: both

  private func location(_ base: String, _ relative: String, _ setting: String) throws(UserLookupError) -> MailboxLocation {
    guard let location = MailboxLocation(base: base, relative: relative) else {
      throw .unusable("\(setting): `\(relative)` is no path below \(base)")
    }
    return location
  }

  private func split(_ address: String) -> (local: String, domain: String) {
    guard let at = address.utf8.lastIndex(of: 0x40) else { return (address, "") }
    return (String(address[..<at]), String(address[address.utf8.index(after: at)...]))
  }
}

/// Users that the system knew lately. Only these: a user made now gets mail now.
private struct KnownUsers: Sendable {
  private var users: [String: (user: SystemUser, until: Int64)] = [:]

  func find(_ name: String, _ now: Int64) -> SystemUser? {
    guard let entry = users[name], now < entry.until, now >= entry.until - KnownUsers.lifetime else { return nil }
    return entry.user
  }

  mutating func remember(_ user: SystemUser, as name: String, _ now: Int64) {
    if users.count >= KnownUsers.limit { users.removeAll() }
    users[name] = (user, max(0, min(now, .max - KnownUsers.lifetime)) + KnownUsers.lifetime)
  }

  /// Microseconds.
  static let lifetime: Int64 = 5_000_000
  static let limit = 4096
}
