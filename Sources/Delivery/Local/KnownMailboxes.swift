// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Queue
import Runtime
import Spool

/// Mailboxes that were found in the last seconds, so that a busy user costs one look-up.
struct KnownMailboxes {
  private struct Key: Hashable {
    let address: String
    let route: Recipient.Route
  }

  private var found: [Key: UserMailbox] = [:]
  private var since: Int64 = 0

  mutating func find(
    _ address: String, _ route: Recipient.Route, in users: UserDirectory, now: Int64
  ) throws(UserLookupError) -> UserMailbox? {
    if now < since || now > since.addingReportingOverflow(KnownMailboxes.lifetime).partialValue || found.count >= KnownMailboxes.limit {
      found.removeAll(keepingCapacity: true)
      since = now
    }
    let key = Key(address: address, route: route)
    if let mailbox = found[key] { return mailbox }
    let mailbox = try users.find(address, route, now: now)
    found[key] = mailbox
    return mailbox
  }

  /// Microseconds.
  private static let lifetime: Int64 = 2_000_000
  private static let limit = 4096
}

/// The file systems that an agent has written to, as the spool knows them.
final class KnownVolumes {
  private var known: [UInt64: MailboxVolume] = [:]

  func meet(_ volume: MailboxVolume) -> MaildirVolume {
    known[volume.device] = volume
    return MaildirVolume(device: volume.device, isLazy: volume.isLazy)
  }

  subscript(device: UInt64) -> MailboxVolume? { known[device] }
}
