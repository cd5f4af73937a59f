// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// A message of the queue, as `weir queue list` shows it.
package struct QueueListing: Equatable, Sendable {
  package let id: QueueID
  /// Bytes of content.
  package let size: Int64
  /// Microseconds since 1970.
  package let arrival: Int64
  package let sender: String
  package let recipients: [(address: String, state: RecipientState)]
  /// The time of the next attempt; nil when it is ready, in delivery, or held.
  package let nextAttempt: Int64?
  package let phase: Phase

  package enum Phase: Sendable { case ready, active, deferred, held, damaged }

  package static func == (left: QueueListing, right: QueueListing) -> Bool {
    left.id == right.id && left.size == right.size && left.arrival == right.arrival && left.sender == right.sender
      && left.recipients.elementsEqual(right.recipients, by: ==) && left.nextAttempt == right.nextAttempt && left.phase == right.phase
  }
}

/// Looking at the queue and clearing it, from any thread that may block: in the daemon, or in a command that has taken the lane's lock
/// (`init` without `start`).
extension Spool {
  /// Whether the committer's thread runs; without it notes wait for `flush`.
  package var isRunning: Bool { hasThreads }

  /// The number of live messages.
  package var count: Int { agenda.withLock { $0.entries.count } }

  /// Up to `limit` messages with ids above `after`, oldest first.
  package func list(after: QueueID? = nil, limit: Int = .max) -> [QueueListing] {
    let ids = agenda.withLock { agenda in
      agenda.entries.keys.filter { id in after.map { id > $0 } ?? true }.sorted().prefix(limit)
    }
    return ids.compactMap { try? show($0) ?? nil }
  }

  /// One message; nil when it is not (or no longer) in the queue.
  package func show(_ id: QueueID) throws(SpoolError) -> QueueListing? {
    do throws(SpoolError) {
      return try withCurrent(id) { $0.listing($1) }
    } catch {
      guard case .damaged = error else { throw error }
      return QueueListing(id: id, size: 0, arrival: id.microseconds, sender: "", recipients: [], nextAttempt: nil, phase: .damaged)
    }
  }

  /// The envelope as it was committed; nil when there is no such message.
  package func envelope(_ id: QueueID) throws(SpoolError) -> Envelope? { try load(id)?.record.envelope }

  /// Calls `body` with the content, piece after piece, none of a small one that is damaged; false when there is no such message.
  package func withContent(
    _ id: QueueID, _ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void
  ) throws(SpoolError) -> Bool {
    guard let stored = try load(id) else { return false }
    do throws(SpoolError) {
      try content(of: stored).forEachBlock(body)
    } catch {
      // It may have been moved, and its segment wiped, since it was looked up.
      guard case .damaged = error, let again = try load(id), again.record.place != stored.record.place else { throw error }
      try content(of: again).forEachBlock(body)
    }
    return true
  }

  /// Removes a message, without a report to anyone. One that is being delivered goes when its attempt ends. False when there is no such
  /// message.
  package func delete(_ id: QueueID) -> Bool {
    enum Found { case absent, later, now }
    let found = agenda.withLock { agenda -> Found in
      guard agenda.entries[id] != nil else { return .absent }
      if let message = agenda.active[id], message.isInAttempt, !message.isQueued {
        agenda.active[id]?.isDeleted = true
        return .later
      }
      // No worker takes it from now on; it is gone once that is durable.
      agenda.entries[id]?.phase = .held
      agenda.active[id]?.isDeleted = true
      return .now
    }
    if found == .now { enqueue(.finished([id])) }
    return found != .absent
  }

  /// Every live message, the oldest first.
  package var liveIDs: [QueueID] { agenda.withLock { $0.entries.keys.sorted() } }

  /// Those that wait for another attempt, the oldest first.
  package var deferredIDs: [QueueID] { agenda.withLock { agenda in agenda.entries.filter { $0.value.phase == .parked }.keys.sorted() } }

  package func isHeld(_ id: QueueID) -> Bool { agenda.withLock { $0.entries[id]?.phase == .held } }

  /// Keeps a message from being tried until somebody releases it. False when there is no such message, or it is being tried or held already.
  package func hold(_ id: QueueID, _ reason: Reason) throws(SpoolError) -> Bool {
    guard let note = try withCurrent(id, { $0.hold(id, reason, $1.record.progress) }) else { return false }
    enqueue(note)
    return true
  }

  /// Lets a held or deferred message be tried at once. False when there is no such message, or it is being tried.
  package func release(_ id: QueueID) throws(SpoolError) -> Bool {
    guard let note = try withCurrent(id, { $0.release(id, $1.record.progress) }) else { return false }
    enqueue(note)
    ringAll()
    return true
  }

  /// Calls `body` with a message as it is on disk, and nothing newer is there: what an attempt that has just ended had noted may be on its way.
  private func withCurrent<Result: Sendable>(_ id: QueueID, _ body: (inout Agenda, StoredMessage) -> Result?) throws(SpoolError) -> Result? {
    while let stored = try load(id) {
      let (isCurrent, result) = agenda.withLock { agenda in agenda.isCurrent(stored) ? (true, body(&agenda, stored)) : (false, nil) }
      if isCurrent { return result }
    }
    return nil
  }

  /// Writes what was noted now, on the caller's thread. For a command without the daemon; false when it could not be written.
  package func flush() -> Bool {
    _ = runOnce()
    return intake.withLock { $0.isEmpty }
  }
}

extension Agenda {
  fileprivate func listing(_ stored: StoredMessage) -> QueueListing? {
    let record = stored.record
    guard let entry = entries[record.id] else { return nil }
    let live = active[record.id]?.states ?? []
    let states = live.isEmpty ? record.progress.states : live
    return QueueListing(
      id: record.id, size: record.place.length, arrival: record.envelope.arrival, sender: record.envelope.sender,
      recipients: zip(record.envelope.recipients, states).map { ($0.0.address, $0.1) },
      nextAttempt: entry.phase == .parked ? entry.nextAttempt : nil, phase: QueueListing.Phase(entry.phase))
  }

  fileprivate mutating func hold(_ id: QueueID, _ reason: Reason, _ stored: Progress) -> NoteRecord? {
    guard let entry = entries[id], entry.phase == .ready || entry.phase == .parked, active[id]?.isInAttempt != true else { return nil }
    var states = active[id]?.states ?? []
    if states.isEmpty { states = stored.states }
    for index in states.indices where states[index] == .waiting || states[index].isHeldOrDeferred { states[index] = .held(reason) }
    park(id, states, isWarned: stored.isWarned)
    schedule(id, at: Progress.asked)
    return .snapshot(id, Progress(nextAttempt: Progress.asked, crashes: entry.crashes, states: states, isWarned: active[id]?.isWarned == true))
  }

  fileprivate mutating func release(_ id: QueueID, _ stored: Progress) -> NoteRecord? {
    guard let entry = entries[id], entry.phase == .held || entry.phase == .parked else { return nil }
    var states = active[id]?.states ?? []
    if states.isEmpty { states = stored.states }
    for index in states.indices where states[index].isHeldOrDeferred { states[index] = .waiting }
    entries[id]?.crashes = 0
    park(id, states, isWarned: stored.isWarned)
    schedule(id, at: 0)
    return .snapshot(id, Progress(nextAttempt: 0, crashes: 0, states: states, isWarned: active[id]?.isWarned == true))
  }

  private mutating func park(_ id: QueueID, _ states: [RecipientState], isWarned: Bool) {
    let known = active[id]
    active[id] = ActiveMessage(
      states: states, replays: known?.replays ?? [:], isInAttempt: false, isParking: true, snapshots: (known?.snapshots ?? 0) + 1,
      isWarned: isWarned || known?.isWarned == true)
  }
}

extension RecipientState {
  fileprivate var isHeldOrDeferred: Bool {
    switch self {
    case .held, .deferred: true
    case .waiting, .delivered, .stable, .relayed, .failed: false
    }
  }
}

extension QueueListing.Phase {
  fileprivate init(_ phase: Entry.Phase) {
    switch phase {
    case .ready: self = .ready
    case .active: self = .active
    case .parked: self = .deferred
    case .held: self = .held
    }
  }
}
