// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import Runtime
import SMTP
import Server
import Settings
import Spool

extension VerificationCache.Rules {
  init(_ configuration: Configuration) {
    self.init()
    positiveExpiry = Int64(configuration[Keys.addressVerifyPositiveExpireTime].wholeSeconds)
    positiveRefresh = Int64(configuration[Keys.addressVerifyPositiveRefreshTime].wholeSeconds)
    negativeExpiry = Int64(configuration[Keys.addressVerifyNegativeExpireTime].wholeSeconds)
    negativeRefresh = Int64(configuration[Keys.addressVerifyNegativeRefreshTime].wholeSeconds)
    keepsNegatives = configuration[Keys.addressVerifyNegativeCache]
  }
}

extension VerifySender {
  init(_ configuration: Configuration) {
    self.init(
      configuration[Keys.addressVerifySender], origin: configuration[Keys.myorigin],
      lifetime: Int64(configuration[Keys.addressVerifySenderTtl].wholeSeconds))
  }
}

extension AddressVerifier {
  /// Asks by the transports of `relaying`.
  convenience init(_ setup: Setup, _ relaying: Relaying, spool: Spool, users: UserDirectory, pool: BlockingPool, log: Log) {
    let prober = DeliveryProber(
      on: relaying.loop, pool: pool, transports: relaying.transports, DeliveryProber.Means(setup, spool: spool, users: users),
      hostname: setup.configuration[Keys.myhostname], clock: wallClock, report: { [log] in log.event($0.event) })
    self.init(
      VerificationCache.Rules(setup.configuration), prober: prober, limit: setup.configuration[Keys.addressVerifyPendingRequestLimit],
      clock: wallClock)
  }
}

extension DeliveryProber.Means {
  fileprivate init(_ setup: Setup, spool: Spool, users: UserDirectory) {
    let router = setup.router(users: users, isProbing: true)
    let expansion = setup.expansion()
    let sender = VerifySender(setup.configuration)
    let mailboxes = MailboxProbe(setup, users: users)
    self.init(
      expand: { recipient in
        guard let expansion else { return [recipient] }
        if case .recipients(let found) = expansion.expandSlowly([recipient], sender: "", wantsCopies: false) { return found }
        return nil
      },
      route: { router.route($0, sender: $1) }, mailbox: mailboxes.result, sender: { sender.address(now: wallClock() / 1_000_000) },
      nextID: { spool.nextQueueID() })
  }
}

/// Whether there is a mailbox here: what local(8) and virtual(8) say to a probe.
struct MailboxProbe {
  let users: UserDirectory
  let doubleBounceSender: String
  let hasLuserRelay: Bool

  init(_ setup: Setup, users: UserDirectory) {
    self.users = users
    doubleBounceSender = ReportRules(setup.configuration).doubleBounceSender.lowercased()
    hasLuserRelay = !setup.configuration[Keys.luserRelay].isEmpty
  }

  @Sendable func result(_ recipient: Recipient) -> RecipientResult {
    let (outcome, status, text) = find(recipient)
    return RecipientResult(0, outcome, Reason(status: status, text: text), relay: recipient.route == .local ? "local" : "virtual")
  }

  private func isMaildir(_ mailbox: UserMailbox) -> Bool { if case .maildir = mailbox.location { true } else { false } }

  private func find(_ recipient: Recipient) -> (RecipientResult.Outcome, String, String) {
    if recipient.address.lowercased() == doubleBounceSender { return (.sent, "2.0.0", "undeliverable postmaster notification discarded") }
    do throws(UserLookupError) {
      if let mailbox = try users.find(recipient.address, recipient.route, now: wallClock()) {
        return (.sent, "2.0.0", isMaildir(mailbox) ? "delivers to maildir" : "delivers to mailbox")
      }
    } catch {
      return (error.status.hasPrefix("5") ? .bounced : .deferred, error.status, error.text)
    }
    if recipient.route == .local, hasLuserRelay { return (.sent, "2.0.0", "delivers to luser_relay") }
    let name = recipient.route == .local ? String(recipient.address.prefix { $0 != "@" }) : recipient.address
    return (.bounced, "5.1.1", "unknown user: \"\(name)\"")
  }
}
