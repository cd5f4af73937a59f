// SPDX-License-Identifier: Apache-2.0
import Mailbox
import Queue
import Runtime

/// Whether there is room in the mailboxes of recipients, before their mail comes. What it learns it keeps for some seconds. Safe to ask from any
/// thread.
package final class RoomCheck: Sendable {
  package enum Answer: Equatable, Sendable {
    /// Or nobody here may know.
    case room
    case full
    case tooLarge
  }

  private struct Key: Hashable {
    let address: String
    let route: Recipient.Route
  }

  private struct Known {
    /// Nil where nothing is limited, or nobody here may know.
    let limited: (quota: MaildirQuota, usage: MaildirUsage)?
    /// The size that it was asked for: for a greater one it may have to be counted anew.
    let size: Int64
    let until: Int64
  }

  private let users: UserDirectory
  private let disk: any Disk
  private let known = Monitor<[Key: Known]>([:])

  package init(users: UserDirectory, disk: any Disk) {
    self.users = users
    self.disk = disk
  }

  /// What is known already about a message of `size` bytes; nil if `look` must be asked. Never blocks.
  package func recall(_ address: String, _ route: Recipient.Route, size: Int64, now: Int64) -> Answer? {
    known.withLock { known in
      guard let entry = known[Key(address: address, route: route)], now < entry.until, now >= entry.until - RoomCheck.lifetime else { return nil }
      let answer = RoomCheck.answer(entry, size)
      return answer == .full && size > entry.size ? nil : answer
    }
  }

  /// Looks at the mailbox. Asks the system and the disk: never call it on an event loop.
  package func look(_ address: String, _ route: Recipient.Route, size: Int64, now: Int64) -> Answer {
    let until = max(0, min(now, .max - RoomCheck.lifetime)) + RoomCheck.lifetime
    let entry = Known(limited: limited(address, route, size, now), size: size, until: until)
    known.withLock { known in
      if known.count >= RoomCheck.limit { known.removeAll() }
      known[Key(address: address, route: route)] = entry
    }
    return RoomCheck.answer(entry, size)
  }

  private func limited(_ address: String, _ route: Recipient.Route, _ size: Int64, _ now: Int64) -> (MaildirQuota, MaildirUsage)? {
    guard let mailbox = (try? users.find(address, route, now: now)) ?? nil, let quota = mailbox.quota else { return nil }
    guard case .maildir(let location) = mailbox.location, isOwn(mailbox.owner) else { return nil }
    return quota.usage(of: location, adding: size, disk: disk, now: now).map { (quota, $0) }
  }

  /// A function of its own: with this in the condition above, the optimiser of Swift 6.3 fails.
  private func isOwn(_ owner: SystemUser?) -> Bool { owner.map { $0.uid == SystemUser.currentUID } ?? true }

  private static func answer(_ entry: Known, _ size: Int64) -> Answer {
    guard let (quota, usage) = entry.limited else { return .room }
    if !quota.takes(size) { return .tooLarge }
    return quota.hasRoom(for: size, in: usage) ? .room : .full
  }

  /// Microseconds.
  package static let lifetime: Int64 = 2_000_000
  package static let limit = 4096
}
