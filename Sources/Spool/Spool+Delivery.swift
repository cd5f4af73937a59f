// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

extension Spool {
  /// The most messages that one worker may have at a time: their ids fill a page of the marker file.
  package static let mostTaken = 256

  /// Waits for messages that are ready and takes up to `max` of them. It also says that this worker is through with those it took
  /// before. Empty when the spool stops.
  ///
  /// For each message: `note` for each recipient that something happened to, then `attemptEnded`.
  package func takeReady(worker: Int, max: Int) -> [QueuedMessage] {
    clearMarker(worker)
    while true {
      let taken = waitForReady(max: min(max, Self.mostTaken))
      guard let taken else { continue }
      if taken.isEmpty { return [] }
      mark(worker, taken)
      let messages = taken.compactMap(prepare)
      if !messages.isEmpty { return messages }
    }
  }

  /// As `takeReady`, but answers at once with what there is.
  package func takeReadyNow(worker: Int, max: Int) -> [QueuedMessage] {
    clearMarker(worker)
    let taken = agenda.withLock { $0.take(min(max, Self.mostTaken), now: clock()) }
    if !taken.isEmpty { mark(worker, taken) }
    return taken.compactMap(prepare)
  }

  /// Lets every `takeReady` answer with nothing.
  package func stopDelivery() {
    agenda.withLock { $0.isStopping = true }
    agenda.signal()
  }

  /// What became of a recipient. Ignored when it cannot follow from what is known, or when the message is gone.
  ///
  /// `.delivered` needs the file system it was written to, as `mailboxVolume` gave it, and comes after the rename.
  package func note(_ id: QueueID, recipient: Int, _ state: RecipientState, on volume: MailboxVolume? = nil) {
    let change = agenda.withLock { $0.note(id, recipient, state) }
    guard change != .none else { return }
    if case .delivered(let delivered) = state, let volume {
      volumes.withLock {
        $0.stability.delivered(.init(id: id, recipient: recipient), bytes: delivered.length, on: volume.device, now: clock())
      }
      volumes.signal()
    }
    switch change {
    case .none: break
    case .finished: enqueue(.finished([id]))
    case .changed:
      // Those are written in one snapshot when the attempt has ended.
      if case .deferred = state { return }
      if case .held = state { return }
      enqueue(.state(id, recipient: recipient, state))
    }
  }

  /// Every due recipient of the message was tried. What is left is tried again at its time.
  package func attemptEnded(_ id: QueueID) {
    let later = clock() + Int64(settings.unnotedDelay.components.seconds) * 1_000_000
    let note = agenda.withLock { $0.attemptEnded(id, waitingUntil: later) }
    if let note { enqueue(note) }
  }

  // MARK: taking

  private func waitForReady(max: Int) -> [Agenda.Taken]? {
    let now = clock()
    let next = agenda.withLock { $0.parked.first?.time }
    let delay = next.map { Duration.microseconds(Swift.max(0, min($0 - now, 3_600_000_000))) } ?? .seconds(3600)
    return agenda.wait(timeout: delay) { agenda -> [Agenda.Taken]? in
      if agenda.isStopping { return [] }
      let taken = agenda.take(max, now: clock())
      if !taken.isEmpty { return taken }
      // A message was parked for an earlier time meanwhile: wait again, less long.
      return nil
    }
  }

  /// Reads back what is not in memory. A message that cannot be read is held.
  private func prepare(_ taken: Agenda.Taken) -> QueuedMessage? {
    let id: QueueID
    switch taken {
    case .message(let message): return message
    case .id(let taken): id = taken
    }
    do {
      guard let stored = try load(id) else { return nil }
      return agenda.withLock { $0.begin(stored, content(of: stored), boot: boot, now: clock()) }
    } catch {
      report(.damagedMessage(id))
      agenda.withLock { agenda in
        agenda.active[id] = nil
        agenda.entries[id]?.phase = .held
      }
      return nil
    }
  }
}
