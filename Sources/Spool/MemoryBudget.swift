// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Bytes of message content held in memory by sessions and by the spool together.
package final class MemoryBudget: Sendable {
  package let limit: Int
  private let taken = Atomic<Int>(0)

  package init(limit: Int) { self.limit = limit }

  package var used: Int { taken.load(ordering: .relaxed) }

  /// False when it does not fit: the content goes to a file.
  package func take(_ bytes: Int) -> Bool {
    let (_, total) = taken.add(bytes, ordering: .relaxed)
    if total <= limit { return true }
    taken.subtract(bytes, ordering: .relaxed)
    return false
  }

  /// Takes what is there already and cannot be put elsewhere, even beyond the limit.
  package func claim(_ bytes: Int) { taken.add(bytes, ordering: .relaxed) }

  package func giveBack(_ bytes: Int) { taken.subtract(bytes, ordering: .relaxed) }

  /// A quarter of it is in use: what waits for other servers should no longer be held.
  package var isScarce: Bool { used > limit / 4 }

  /// Half of it is in use: what waits for delivery should no longer be held.
  var isTight: Bool { used > limit / 2 }
}
