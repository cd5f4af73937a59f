// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

extension Spool {
  /// Takes from `work` what goes into the next batch, and makes room for it; nil when there is no room to be had.
  func takeBatch(_ work: inout Work, _ log: inout SegmentLog) -> Batch? {
    dropImpossible(&work)
    guard secureRoom(Batch.headSpace + firstSpace(work), &log) else { return nil }
    guard let segment = log.active else { return nil }
    var batch = Batch()
    let room = settings.segmentSize - segment.offset
    var used = Batch.headSpace
    let limit = min(room, settings.batchSize)
    while let note = work.notes.first, used + note.encodedSizeBound <= limit {
      used += note.encodedSizeBound
      batch.notes.append(work.notes.removeFirst())
    }
    // A message alone may be longer than a batch usually is.
    while let message = work.messages.first, used + message.space <= (used == Batch.headSpace ? room : limit),
      mayTake(message, used, room, &log)
    {
      used += message.space
      batch.messages.append(work.messages.removeFirst())
    }
    return batch.notes.isEmpty && batch.messages.isEmpty ? nil : batch
  }

  /// What the next batch holds at least.
  private func firstSpace(_ work: Work) -> Int {
    work.notes.first?.encodedSizeBound ?? work.messages.first?.space ?? 0
  }

  /// A message that no segment can take would block all behind it.
  private func dropImpossible(_ work: inout Work) {
    let most = settings.segmentSize - SegmentHeader.area - Batch.headSpace
    while let message = work.messages.first, message.space > most {
      work.messages.removeFirst()
      message.completion.resume(.localError(cause: "envelope too large for a segment"))
    }
  }

  /// Messages may not use up the last room: state notes of what was accepted need it.
  private func mayTake(_ message: PendingMessage, _ used: Int, _ room: Int, _ log: inout SegmentLog) -> Bool {
    if !log.free.isEmpty || room - used - message.space >= settings.segmentSize / 2 { return true }
    return addSpare(&log)
  }

  /// Makes sure that the active segment has room for `space` bytes, by going on to another if need be.
  func secureRoom(_ space: Int, _ log: inout SegmentLog) -> Bool {
    if let active = log.active, settings.segmentSize - active.offset >= space { return true }
    if log.free.isEmpty { _ = addSpare(&log) }
    guard !log.free.isEmpty else { return false }
    log.seal()
    _ = log.activate(log.free.removeFirst())
    return true
  }

  /// Makes one more empty segment; false when the disk has no room.
  func addSpare(_ log: inout SegmentLog) -> Bool {
    do {
      log.free.append(FreeSegment(file: try SegmentFile.create(in: folder, size: settings.segmentSize)))
      log.shortage = nil
      return true
    } catch {
      log.shortage = error
      return false
    }
  }
}
