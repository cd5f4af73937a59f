// SPDX-License-Identifier: Apache-2.0
import Queue

extension Agenda {
  /// A message handed to a delivery worker: whole, or to be read back.
  enum Taken {
    case message(QueuedMessage)
    case id(QueueID)

    var id: QueueID {
      switch self {
      case .message(let message): message.id
      case .id(let id): id
      }
    }
  }

  /// Up to `max` messages to deliver now.
  mutating func take(_ max: Int, from door: Door.Name, now: Int64) -> [Taken] {
    wakeParked(door, now)
    while let suspect = self[door].suspects.removeFirst() {
      if let taken = begin(suspect) { return [taken] }
    }
    var taken: [Taken] = []
    while taken.count < max, self[door].hasReady {
      if let next = takeOne(door) { taken.append(next) }
    }
    return taken
  }

  private mutating func wakeParked(_ door: Door.Name, _ now: Int64) {
    while let first = self[door].parked.first, first.time <= now {
      _ = self[door].parked.removeFirst()
      guard let entry = entries[first.item], entry.phase == .parked, entry.nextAttempt == first.time else { continue }
      schedule(first.item, at: 0)
    }
  }

  /// From the fresh ones and the backlog by turns, so that neither waits for the other to be empty.
  private mutating func takeOne(_ door: Door.Name) -> Taken? {
    self[door].backlogTurn.toggle()
    if self[door].backlogTurn || self[door].fresh.isEmpty, let id = self[door].backlog.removeFirst() { return begin(id) }
    guard let message = self[door].fresh.removeFirst(), entries[message.id]?.phase == .ready else { return nil }
    entries[message.id]?.phase = .active
    active[message.id] = ActiveMessage(
      states: Array(repeating: .waiting, count: message.envelope.recipients.count), isInAttempt: true, isQueued: door == .scheduler)
    return .message(message)
  }

  private mutating func begin(_ id: QueueID) -> Taken? {
    guard let entry = entries[id], entry.phase == .ready else { return nil }
    entries[id]?.phase = .active
    if active[id] == nil { active[id] = ActiveMessage(states: [], isInAttempt: true) }
    active[id]?.isInAttempt = true
    active[id]?.isQueued = entry.door == .scheduler
    active[id]?.isParking = false
    return .id(id)
  }

  /// A message was read back: what is there to do?
  mutating func begin(_ stored: StoredMessage, _ content: SpooledContent, boot: Boot, now: Int64) -> QueuedMessage? {
    let id = stored.record.id
    guard var message = active[id], let entry = entries[id] else { return nil }
    if message.states.isEmpty { message.states = stored.record.progress.states }
    if stored.record.progress.isWarned { message.isWarned = true }
    if entry.origin != .fresh { message.lookAgain(entry.origin, boot) }
    entries[id]?.origin = .known
    active[id] = message
    let due = message.states.indices.filter { message.states[$0].isDue(now) }
      .map { DueRecipient(index: $0, replay: message.replays[$0] ?? .none) }
    return QueuedMessage(
      id: id, envelope: stored.record.envelope, size: stored.record.place.length, due: due, source: .spool(content), isSuspect: isSuspect(entry),
      isRetry: entry.origin != .fresh, isWarned: message.isWarned)
  }
}

extension ActiveMessage {
  fileprivate mutating func note(_ recipient: Int, _ state: RecipientState) -> Agenda.Change {
    guard states.indices.contains(recipient), states[recipient].allows(state) else { return .none }
    states[recipient] = state
    if state.isFinal || !state.isOpen { replays[recipient] = nil }
    return isOver ? .finished : .changed
  }

  /// Nothing is left to do, and nobody works on it who would not notice.
  fileprivate var isOver: Bool {
    mutating get {
      while firstOpen < states.count, states[firstOpen].isFinal { firstOpen += 1 }
      return firstOpen >= states.count || (isDeleted && !isInAttempt)
    }
  }

  /// The message was tried before, by this process or by another: files may be there.
  fileprivate mutating func lookAgain(_ origin: Entry.Origin, _ boot: Boot) {
    for index in states.indices where replays[index] == nil {
      switch states[index] {
      case .waiting, .deferred: replays[index] = origin == .rebooted ? .verify : .renew
      case .delivered(let delivered):
        replays[index] = delivered.boot == boot ? .rewrite : .verify
        states[index] = .waiting
      case .stable, .relayed, .failed, .held: break
      }
    }
  }
}

extension RecipientState {
  fileprivate func isDue(_ now: Int64) -> Bool {
    switch self {
    case .waiting: true
    case .deferred(let deferral): deferral.until <= now
    case .delivered, .stable, .relayed, .failed, .held: false
    }
  }
}

// MARK: what deliveries report

extension Agenda {
  enum Change { case none, changed, finished }

  /// In place: a mailing may have thousands of recipients, and each is noted.
  mutating func note(_ id: QueueID, _ recipient: Int, _ state: RecipientState) -> Change { active[id]?.note(recipient, state) ?? .none }

  /// Answers what is to be written.
  mutating func attemptEnded(_ id: QueueID, waitingUntil later: Int64) -> NoteRecord? {
    guard var message = active[id], message.isInAttempt else { return nil }
    message.isInAttempt = false
    message.isQueued = false
    entries[id]?.origin = .known
    // It can be tried, and the process lives.
    entries[id]?.crashes = 0
    let isOver = message.isOver
    active[id] = message
    // Its last note has ended it, unless there was nobody to note anything for.
    if isOver { return message.isDeleted || message.states.isEmpty ? .finished([id]) : nil }
    return settle(id, waitingUntil: later)
  }

  /// Finds the place of a message that nobody works on: waiting for its files to be stable, parked or held.
  mutating func settle(_ id: QueueID, waitingUntil later: Int64) -> NoteRecord? {
    guard var message = active[id], !message.isInAttempt else { return nil }
    let open = message.states.compactMap { state -> Int64? in
      switch state {
      case .waiting: later
      case .deferred(let deferral): deferral.until
      default: nil
      }
    }
    let isPending = message.states.contains { if case .delivered = $0 { true } else { false } }
    if open.isEmpty && isPending { return nil }
    let next = open.min() ?? Progress.asked
    message.isParking = !isPending
    message.snapshots += 1
    active[id] = message
    schedule(id, at: next)
    let crashes = entries[id]?.crashes ?? 0
    return .snapshot(id, Progress(nextAttempt: next, crashes: crashes, states: message.states, isWarned: message.isWarned))
  }
}
