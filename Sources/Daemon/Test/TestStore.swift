// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Server
import Spool

/// A spool that keeps the last message in memory, and delivers none.
final class TestStore: MessageStore {
  private struct State {
    var lastID: Int64 = 0
    var message: IncomingMessage?
  }

  private let state = Monitor(State())
  let memory = MemoryBudget(limit: .max / 2)

  var isLow: Bool { false }
  /// Nothing goes to a file.
  var spillThreshold: Int { .max }

  func reserveID() -> QueueID {
    let now = wallClock()
    return state.withLock { state in
      state.lastID = max(state.lastID + 1, now)
      return QueueID(microseconds: state.lastID, lane: 0)
    }
  }

  func commit(_ message: IncomingMessage) async -> CommitOutcome {
    state.withLock { $0.message = message }
    return .committed
  }

  func beginSpill(_ id: QueueID) async -> (any SpillFile)? { nil }

  func takeMessage() -> IncomingMessage? {
    state.withLock { state in
      defer { state.message = nil }
      return state.message
    }
  }
}
