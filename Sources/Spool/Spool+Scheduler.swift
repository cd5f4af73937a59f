// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// Whether the scheduler's thread has something to look for.
struct Bell {
  var isRung = false
}

/// For the scheduler: one for each spool, which takes messages and keeps them until their turn comes.
extension Spool {
  /// Waits until something may be ready for the scheduler, or for `patience`. False when the spool stops.
  package func waitForScheduled(_ patience: Duration = .seconds(60)) -> Bool {
    let planned = agenda.withLock { $0.scheduler.hasReady ? 0 : $0.scheduler.parked.first?.time ?? .max }
    let most = min(Self.longestWait, patience.microseconds)
    let delay = planned == .max ? most : max(0, min(planned - clock(), most))
    _ = bell.wait(timeout: .microseconds(delay)) { bell -> Bool? in
      guard bell.isRung else { return nil }
      bell.isRung = false
      return true
    }
    return !agenda.withLock { $0.isStopping }
  }

  /// Up to `max` messages that are ready for the scheduler; at once. Those that are not in memory are read from disk, without their content.
  ///
  /// For each: `begin` before its first attempt, `note` for each recipient that something happened to, then `attemptEnded`.
  package func takeScheduled(max: Int) -> [QueuedMessage] {
    let taken = agenda.withLock { $0.isStopping ? [] : $0.take(min(max, Self.mostTaken), from: .scheduler, now: clock()) }
    return taken.compactMap(prepare)
  }

  /// An attempt is about to begin. False when the message was deleted or held in the meantime: nothing may be done with it any more.
  package func begin(_ id: QueueID) -> Bool {
    agenda.withLock { agenda in
      guard agenda.entries[id]?.phase == .active, let message = agenda.active[id], !message.isDeleted else { return false }
      agenda.active[id]?.isQueued = false
      return true
    }
  }

  /// Names the messages that the scheduler is trying at this moment, for the case that the process dies over one of them. `worker` and the
  /// numbers behind it are the scheduler's alone.
  package func markAttempts(_ ids: [QueueID], worker: Int) {
    let pages = stride(from: 0, to: ids.count, by: Self.mostTaken).map { Array(ids[$0..<min($0 + Self.mostTaken, ids.count)]) }
    for (index, page) in pages.enumerated() { writeMarker(worker + index, page) }
    var surplus = worker + pages.count
    while markers.withLock({ $0.contains(surplus) }) {
      clearMarker(surplus)
      surplus += 1
    }
  }

  /// A message that is being tried turns out to be no mailboxes' business alone: its next attempt is the scheduler's. As long as this process has it.
  package func moveToScheduler(_ id: QueueID) { agenda.withLock { $0.entries[id]?.moveToScheduler() } }

  func ringScheduler() {
    bell.withLock { $0.isRung = true }
    bell.signal()
  }

  /// For whoever does not know at which door something became ready.
  func ringAll() {
    agenda.signal()
    ringScheduler()
  }
}
