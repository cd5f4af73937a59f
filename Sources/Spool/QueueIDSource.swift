// SPDX-License-Identifier: Apache-2.0
import Queue
import Synchronization

/// Gives queue ids away: later than any before, never one that a run before this could have used.
final class QueueIDSource: Sendable {
  private let last: Atomic<UInt64>
  /// Ids below it are ours for good, because a synced batch says so.
  private let durable: Atomic<UInt64>
  private let lane: UInt8

  /// How far ahead of the clock a batch claims ids, so that an id is claimed before anyone sees it.
  static let lead: Int64 = 60_000_000

  /// `mark`: what the spool's records leave to be given away.
  init(mark: QueueID, lane: UInt8) {
    last = Atomic(mark.rawValue)
    durable = Atomic(mark.rawValue)
    self.lane = lane
  }

  func next(now: Int64) -> QueueID {
    let wanted = QueueID(microseconds: now, lane: lane).rawValue
    var previous = last.load(ordering: .relaxed)
    while true {
      let id = choose(wanted, after: previous)
      let (exchanged, original) = last.compareExchange(expected: previous, desired: id, ordering: .relaxed)
      if exchanged { return QueueID(rawValue: id) }
      previous = original
    }
  }

  /// The id of this moment, but within what is claimed as long as that has room.
  private func choose(_ wanted: UInt64, after previous: UInt64) -> UInt64 {
    let following = QueueID(microseconds: QueueID(rawValue: previous).microseconds + 1, lane: lane).rawValue
    let claimed = durable.load(ordering: .relaxed)
    if wanted < claimed || following >= claimed { return max(following, wanted) }
    return following
  }

  /// What the next batch shall claim.
  func mark(now: Int64, isLast: Bool) -> QueueID {
    let given = QueueID(rawValue: last.load(ordering: .relaxed)).microseconds + 1
    return QueueID(microseconds: isLast ? given : max(given, now + Self.lead), lane: 0)
  }

  /// A batch with this mark was synced.
  func claimed(_ mark: QueueID) { durable.max(mark.rawValue, ordering: .relaxed) }
}
