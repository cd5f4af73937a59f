// SPDX-License-Identifier: Apache-2.0
import Delivery
import Mailbox
import Queue
import Runtime
import SMTP
import Settings
import Tables

extension UserDirectory {
  convenience init(_ setup: Setup) {
    let maps = setup.virtualMailboxMaps
    var settings = UserSettings(setup.configuration)
    settings.rootMailbox = MailboxLocation(base: setup.rootMailFolder, relative: "Maildir/")
    self.init(
      settings, virtualMailbox: { maps.value(for: $0) }, virtualOwner: VirtualOwner(setup), virtualFails: { maps.isFailing })
  }
}

extension UserSettings {
  fileprivate init(_ configuration: Configuration) {
    let spool = configuration[Keys.mailSpoolDirectory]
    self.init(
      virtualMailboxBase: configuration[Keys.virtualMailboxBase], homeMailbox: configuration[Keys.homeMailbox],
      mailSpoolDirectory: spool.isEmpty ? "/var/mail" : spool, recipientDelimiter: configuration[Keys.recipientDelimiter],
      localRules: MboxRules(configuration, Keys.mailboxDeliveryLock, Keys.mailboxSizeLimit),
      virtualRules: MboxRules(configuration, Keys.virtualMailboxLock, Keys.virtualMailboxLimit))
    quota = MaildirQuota(configuration)
    if case .error(let status, let text)? = LocalTransport(configuration[Keys.localTransport]) { localError = (status, text) }
    prependsDeliveredTo = configuration[Keys.prependDeliveredHeader].contains("file")
  }
}

extension MboxRules {
  fileprivate init(_ configuration: Configuration, _ locks: Key<[String]>, _ limit: Key<ByteCount>) {
    var chosen: Locks = []
    for word in configuration[locks] { chosen.formUnion(word == "flock" ? .flock : word == "fcntl" ? .fcntl : .dotlock) }
    self.init(locks: chosen, sizeLimit: Int64(configuration[limit].bytes), staleLockTime: configuration[Keys.staleLockTime].microseconds)
  }
}

extension MaildirQuota {
  /// Nil without a limit.
  fileprivate init?(_ configuration: Configuration) {
    guard let limits = (try? QuotaLimits.read(configuration.values)) ?? nil else { return nil }
    self.init(
      bytes: limits.bytes, messages: limits.messages, isTemporary: configuration[Keys.quotaFullTempfail],
      text: configuration[Keys.quotaExceededMessage])
    grace = limits.grace
    mailSize = limits.mailSize
    ignored = limits.ignored.map(MaildirFolderName.of)
  }
}

extension LockPatience {
  init(_ configuration: Configuration) {
    self.init(attempts: configuration[Keys.deliverLockAttempts], delay: configuration[Keys.deliverLockDelay].microseconds)
  }
}

extension LuserRelay {
  /// Nil without the setting.
  init?(_ setup: Setup) {
    let template = setup.configuration[Keys.luserRelay]
    if template.isEmpty { return nil }
    let resolve = setup.resolver()
    self.init(template: template, delimiters: setup.configuration[Keys.recipientDelimiter]) { address in
      resolve(address).map { Target(address: $0.address, route: $0.route) }
    }
  }
}

extension VirtualOwner {
  /// Nil where mail_owner owns all mailboxes of virtual users.
  fileprivate init?(_ setup: Setup) {
    let (uids, gids) = (setup.tables(setup.configuration[Keys.virtualUidMaps]), setup.tables(setup.configuration[Keys.virtualGidMaps]))
    if uids.isEmpty, gids.isEmpty { return nil }
    let minimum = UInt32(clamping: setup.configuration[Keys.virtualMinimumUid])
    self.init(uid: { uids.value(for: $0) }, gid: { gids.value(for: $0) }, minimumUID: minimum)
  }
}
