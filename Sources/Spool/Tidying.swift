// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

extension Spool {
  /// Takes the log's oldest segments back when nothing in them lives, moving what is left when it is little; answers whether it did
  /// anything.
  func tidy(_ log: inout SegmentLog) -> Bool {
    guard log.isOpened else { return false }
    var didSomething = false
    while let oldest = log.sealed.first, isDead(oldest), retire(&log) { didSomething = true }
    guard let oldest = log.sealed.first, log.voids.isEmpty, shouldMove(oldest, log) else { return didSomething }
    return moveSome(of: oldest, &log) || didSomething
  }

  private func isDead(_ segment: SealedSegment) -> Bool {
    agenda.withLock { ($0.segments[segment.serial]?.live ?? 0) == 0 }
  }

  /// Wipes the oldest segment for reuse. It must be durable before the next oldest goes: that one may hold the notes which end the
  /// messages in this one.
  private func retire(_ log: inout SegmentLog) -> Bool {
    guard let oldest = log.sealed.first else { return false }
    do throws(DiskError) {
      if oldest.isDamaged {
        try putAside(oldest.file)
      } else if log.free.count > settings.spareSegments || oldest.file.size != settings.segmentSize {
        try disk.unlink(oldest.file.name, at: folder.directory)
        try disk.synchronize(folder.directory)
      } else {
        _ = try oldest.file.wipe(mark: ids.mark(now: clock(), isLast: false))
        log.free.append(FreeSegment(file: oldest.file))
      }
    } catch {
      guard discard(oldest.file) else { return false }
    }
    log.sealed.removeFirst()
    agenda.withLock { $0.segments[oldest.serial] = nil }
    return true
  }

  /// A file that cannot be written is of no use.
  private func discard(_ file: SegmentFile) -> Bool {
    do throws(DiskError) {
      try disk.unlink(file.name, at: folder.directory)
      try disk.synchronize(folder.directory)
      return true
    } catch { return error.isMissing }
  }

  func putAside(_ file: SegmentFile) throws(DiskError) {
    let name = "damaged-" + file.name
    try disk.rename(file.name, at: folder.directory, to: name, at: folder.directory, replacing: true)
    try disk.synchronize(folder.directory)
    report(.keptAside(file: name))
  }

  /// Only behind some distance, because what is young ends soon by itself: when little is left in the segment, or more of the log is
  /// dead than alive.
  private func shouldMove(_ oldest: SealedSegment, _ log: SegmentLog) -> Bool {
    guard log.sealed.count > 4 || log.shortage != nil else { return false }
    let (left, live) = agenda.withLock { agenda in
      (agenda.segments[oldest.serial]?.liveBytes ?? 0, agenda.segments.values.reduce(0) { $0 + $1.liveBytes })
    }
    let used = log.sealed.count * settings.segmentSize
    return left * 4 <= settings.segmentSize || used - live > live + 2 * settings.segmentSize
  }

  private func moveSome(of oldest: SealedSegment, _ log: inout SegmentLog) -> Bool {
    var batch = Batch()
    var used = Batch.headSpace
    let most = min(settings.batchSize, settings.segmentSize / 4)
    for id in movable(oldest.serial) {
      guard used < most else { break }
      guard let move = readMove(id, &log) else { continue }
      used += move.space
      batch.moves.append(move)
    }
    guard !batch.moves.isEmpty, secureRoom(used, &log) else { return false }
    return write(batch, &log)
  }

  /// Those that nobody is working on. Of what waits in the scheduler nothing was noted yet.
  private func movable(_ serial: UInt32) -> [QueueID] {
    agenda.withLock { agenda in
      let ids = (agenda.segments[serial]?.ids ?? []).filter { agenda.entries[$0]?.segment == serial }
      agenda.segments[serial]?.ids = ids
      return ids.filter { agenda.active[$0]?.isQueued ?? true }
    }
  }

  private func readMove(_ id: QueueID, _ log: inout SegmentLog) -> Batch.Move? {
    do throws(SpoolError) {
      guard let stored = try load(id) else { return nil }
      let place = stored.record.place
      if place.isFile { return Batch.Move(record: stored.record, content: []) }
      let content: [UInt8]
      do { content = try stored.segment.read(place.offset, Int(place.length)) } catch { throw .disk(error) }
      // Its CRC goes with it, unchecked: harm done here would show when it is delivered.
      return Batch.Move(record: stored.record, content: content)
    } catch {
      if case .damaged = error { loseDamaged(id, &log) }
      return nil
    }
  }

  /// Nothing can be done for a message without an envelope but to keep the file it is in.
  private func loseDamaged(_ id: QueueID, _ log: inout SegmentLog) {
    report(.damagedMessage(id))
    let entry = agenda.withLock { $0.remove(id) }
    for index in log.sealed.indices where log.sealed[index].serial == entry?.segment { log.sealed[index].isDamaged = true }
  }

  // MARK: opening and closing

  /// The first batch of a run: claims ids and makes what the recovery decided durable.
  func open(_ log: inout SegmentLog) {
    log.isClosed = false
    do throws(DiskError) {
      while let file = log.aside.first {
        try putAside(file)
        log.aside.removeFirst()
      }
      // A wipe may be in the page cache only, and the next oldest segment is wiped on the strength of it.
      var free: [FreeSegment] = []
      for segment in log.free where try isOnDisk(segment.file) { free.append(segment) }
      log.free = free
      // What is delivered from here must be here still if the power goes: a mailbox is put right by the message's being tried again.
      while let file = log.unproven.last {
        try disk.synchronizeData(file.handle)
        log.unproven.removeLast()
      }
      while let file = log.surplus.popLast() { try disk.unlink(file.name, at: folder.directory) }
      try disk.synchronize(folder.directory)
      // Nothing was ever promised here: the folder may be new.
      if log.nextSequence == 1 { try folder.synchronizeAncestors() }
    } catch {
      log.failure = error
      report(.writeFailed(error))
      return
    }
    let batch = Batch(notes: log.repeats)
    guard secureRoom(Batch.headSpace + batch.notes.reduce(0) { $0 + $1.encodedSizeBound }, &log) else { return }
    if log.free.isEmpty { _ = addSpare(&log) }
    log.isOpened = write(batch, &log)
    if log.isOpened { log.repeats = [] }
  }

  private func isOnDisk(_ file: SegmentFile) throws(DiskError) -> Bool {
    do throws(DiskError) {
      try disk.synchronizeData(file.handle)
      return true
    } catch {
      guard discard(file) else { throw error }
      return false
    }
  }

  /// Says that nothing follows, so that the next start knows that all is there.
  func close(_ log: inout SegmentLog) {
    guard log.isOpened, !log.isClosed, log.voids.isEmpty, secureRoom(Batch.headSpace, &log) else { return }
    log.isClosed = write(Batch(isLast: true), &log)
    log.seal()
    log.isOpened = false
  }

  /// Content files that no message names: their commits never came.
  func removeOrphans() {
    guard let names = try? disk.list(folder.big) else { return }
    let needed = agenda.withLock { agenda in Set(agenda.entries.filter { $0.value.isFile }.map(\.key.description)) }
    for name in names where !needed.contains(name) {
      try? disk.unlink(name, at: folder.big)
      report(.removedOrphan(file: name))
    }
  }
}
