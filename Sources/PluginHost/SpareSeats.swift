// SPDX-License-Identifier: Apache-2.0

/// The seats of sessions that have ended, for those that begin: to make ten anew takes longer than to ask them. On the loop's thread.
package final class SpareSeats {
  private var sets: [(home: StageHome, seats: [StageSeat])] = []
  private static let maximum = 64

  package init() {}

  func take() -> (StageHome, [StageSeat])? { sets.popLast() }

  func leave(_ home: StageHome, _ seats: [StageSeat]) {
    home.environment = nil
    if sets.count < Self.maximum { sets.append((home, seats)) }
  }
}
