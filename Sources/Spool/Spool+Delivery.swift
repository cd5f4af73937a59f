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
    while true {
      let messages = takeReadyNow(worker: worker, max: max)
      if !messages.isEmpty { return messages }
      if waitForReady() == .stopping { return [] }
    }
  }

  /// As `takeReady`, but answers at once with what there is.
  package func takeReadyNow(worker: Int, max: Int) -> [QueuedMessage] {
    let taken = agenda.withLock { $0.isStopping ? [] : $0.take(min(max, Self.mostTaken), from: .mailboxes, now: clock()) }
    if taken.isEmpty { clearMarker(worker) } else { mark(worker, taken) }
    return taken.compactMap(prepare)
  }

  /// Lets every `takeReady` answer with nothing.
  package func stopDelivery() {
    agenda.withLock { $0.isStopping = true }
    agenda.signal()
    ringScheduler()
  }

  /// What became of a recipient. Ignored when it cannot follow from what is known, or when the message is gone.
  ///
  /// `.delivered` needs the file system it was written to, as `mailboxVolume` gave it, and comes after the rename.
  package func note(_ id: QueueID, recipient: Int, _ state: RecipientState, on volume: MailboxVolume? = nil) {
    let change = agenda.withLock { $0.note(id, recipient, state) }
    guard change != .none else { return }
    if state == .relayed { remember(id, relayedTo: recipient) }
    if case .delivered(let delivered) = state, let volume {
      let isMuch = volumes.withLock { volumes in
        volumes.stability.delivered(.init(id: id, recipient: recipient), bytes: delivered.length, on: volume.device, now: clock())
        return volumes.stability.bytes(on: volume.device) >= settings.stableBytes
      }
      if isMuch { volumes.signal() }
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

  /// The sender was told that the message waits. Written with what is noted when the attempt has ended.
  package func noteWarning(_ id: QueueID) { agenda.withLock { $0.active[id]?.isWarned = true } }

  /// Every due recipient of the message was tried. What is left is tried again at its time.
  package func attemptEnded(_ id: QueueID) {
    let later = clock() + Int64(settings.unnotedDelay.components.seconds) * 1_000_000
    let (note, door) = agenda.withLock { agenda in
      let door = agenda.entries[id]?.door
      return (agenda.attemptEnded(id, waitingUntil: later), door)
    }
    guard let note else { return }
    enqueue(note)
    // Whoever waits for the next one may have to wait less long now.
    if door == .scheduler { ringScheduler() } else { agenda.signal() }
  }

  // MARK: taking

  private enum Waited { case stopping, ready }

  private func waitForReady() -> Waited {
    let planned = agenda.withLock { $0.mailboxes.parked.first?.time } ?? .max
    let delay = planned == .max ? Self.longestWait : max(0, min(planned - clock(), Self.longestWait))
    let waited = agenda.wait(timeout: .microseconds(delay)) { agenda -> Waited? in
      if agenda.isStopping { return .stopping }
      return agenda.mailboxes.hasReady || agenda.mailboxes.parked.first.map { $0.time < planned } ?? false ? .ready : nil
    }
    return waited ?? .ready
  }

  /// A wall clock that was set is noticed after this.
  static let longestWait: Int64 = 60_000_000

  /// What waits in the scheduler may be moved before it is read.
  private func contentToRead(_ stored: StoredMessage, _ door: Door.Name?) -> SpooledContent {
    guard door == .scheduler, !stored.record.place.isFile else { return content(of: stored) }
    return SpooledContent(id: stored.record.id, length: stored.record.place.length, in: self)
  }

  /// Reads back what is not in memory. A message that cannot be read is held.
  func prepare(_ taken: Agenda.Taken) -> QueuedMessage? {
    let id: QueueID
    switch taken {
    case .message(let message): return message
    case .id(let taken): id = taken
    }
    do {
      guard let stored = try load(id) else { return nil }
      let (message, isRetry) = agenda.withLock { agenda in
        let isRetry = agenda.entries[id]?.origin != .fresh
        return (agenda.begin(stored, contentToRead(stored, agenda.entries[id]?.door), boot: boot, now: clock()), isRetry)
      }
      if isRetry, let message { report(.active(message)) }
      return message
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
