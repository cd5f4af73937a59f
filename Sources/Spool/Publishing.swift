// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

extension Spool {
  /// A batch is durable: delivery may have the messages, what is over is forgotten, the sessions are told.
  func publish(_ batch: Batch, _ layout: Batch.Layout, _ segment: OpenSegment) {
    let keepsContent = !memory.isTight
    // Delivery may begin before the lock is free again: the log has the message first.
    for message in batch.messages where !message.isHeld { report(.active(message.message)) }
    let (orphans, removed, hasReady) = agenda.withLock { agenda in
      var places = layout.places[...]
      for message in batch.messages {
        agenda.committed(message, places.popFirst(), segment.serial, keepsContent: keepsContent, settings.readyLimit)
      }
      for move in batch.moves { agenda.moved(move, places.popFirst(), segment.serial) }
      var removed: [QueueID] = []
      let orphans = batch.notes.flatMap { agenda.noted($0, places.popFirst(), segment.serial, &removed) }
      return (orphans, removed, (agenda.mailboxes.hasReady, agenda.scheduler.hasReady))
    }
    if !removed.isEmpty { report(.removed(removed)) }
    if !batch.messages.isEmpty {
      if hasReady.0 { agenda.signal() }
      if hasReady.1 { ringScheduler() }
    }
    for message in batch.messages { message.completion.resume(.committed) }
    for name in orphans { try? disk.unlink(name, at: folder.big) }
  }
}

extension Agenda {
  fileprivate mutating func committed(
    _ pending: PendingMessage, _ place: Batch.Place?, _ segment: UInt32, keepsContent: Bool, _ readyLimit: Int
  ) {
    guard let place else { return }
    let entry = Entry(
      segment: segment, offset: place.offset, length: place.length, contentLength: UInt32(clamping: pending.place.length),
      phase: pending.isHeld ? .held : .ready, origin: .fresh, isFile: pending.place.isFile, door: door(pending.message.envelope.routes))
    add(pending.message.id, entry)
    if pending.isHeld { return }
    if keepsContent && self[entry.door].fresh.count < readyLimit {
      self[entry.door].fresh.append(pending.message)
    } else {
      self[entry.door].backlog.append(pending.message.id)
    }
  }

  fileprivate mutating func moved(_ move: Batch.Move, _ place: Batch.Place?, _ segment: UInt32) {
    guard let place, var entry = entries[move.record.id] else { return }
    forget(entry)
    entry.segment = segment
    entry.offset = place.offset
    entry.length = place.length
    entry.snapshotSegment = 0
    add(move.record.id, entry)
  }

  /// Answers the content files to remove.
  fileprivate mutating func noted(_ note: NoteRecord, _ place: Batch.Place?, _ segment: UInt32, _ removed: inout [QueueID]) -> [String] {
    switch note {
    case .finished(let ids), .void(let ids):
      removed += ids.filter { entries[$0] != nil }
      return ids.filter { remove($0)?.isFile ?? false }.map(\.description)
    case .snapshot(let id, _):
      guard let place, entries[id] != nil else { return [] }
      entries[id]?.snapshotSegment = segment
      entries[id]?.snapshotOffset = place.offset
      entries[id]?.snapshotLength = place.length
      active[id]?.snapshots -= 1
      if let known = active[id], known.isParking, !known.isInAttempt, known.snapshots <= 0 { active[id] = nil }
      return []
    case .state: return []
    }
  }
}

extension PendingMessage {
  fileprivate var isHeld: Bool { progress.nextAttempt == Progress.asked }
}
