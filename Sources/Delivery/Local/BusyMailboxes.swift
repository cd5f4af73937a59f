// SPDX-License-Identifier: Apache-2.0
import Queue

/// How long a mailbox file that another program has locked is waited for.
package struct LockPatience: Equatable, Sendable {
  /// `deliver_lock_attempts`.
  package var attempts: Int
  /// `deliver_lock_delay`, in microseconds.
  package var delay: Int64

  package init(attempts: Int = 20, delay: Int64 = 1_000_000) {
    self.attempts = max(1, attempts)
    self.delay = max(0, delay)
  }
}

/// Deliveries that found their mailbox locked: each is tried again soon, until patience is at its end.
struct BusyMailboxes {
  private struct Delivery: Hashable {
    let id: QueueID
    let recipient: Int
  }

  private let patience: LockPatience
  private var looks: [Delivery: Int] = [:]

  init(_ patience: LockPatience) { self.patience = patience }

  /// When to look again; nil when that was often enough for now.
  mutating func nextLook(_ id: QueueID, _ recipient: Int, now: Int64) -> Int64? {
    if looks.count >= BusyMailboxes.limit { looks.removeAll() }
    let delivery = Delivery(id: id, recipient: recipient)
    let count = looks[delivery, default: 0] + 1
    looks[delivery] = count < patience.attempts ? count : nil
    let (time, overflow) = now.addingReportingOverflow(patience.delay)
    return count < patience.attempts && !overflow ? time : nil
  }

  private static let limit = 4096
}
