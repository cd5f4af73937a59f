// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// A message read back from its segment.
struct StoredMessage {
  /// With the progress of its last snapshot.
  var record: MessageRecord
  let segment: SegmentFile
  /// Where that snapshot is.
  fileprivate let entry: Entry
}

extension Agenda {
  /// Whether nothing newer about it has reached the disk since it was read.
  func isCurrent(_ stored: StoredMessage) -> Bool {
    guard let entry = entries[stored.record.id] else { return false }
    return entry.segment == stored.entry.segment && entry.offset == stored.entry.offset && entry.snapshotSegment == stored.entry.snapshotSegment
      && entry.snapshotOffset == stored.entry.snapshotOffset
  }
}

extension Spool {
  /// Reads a live message's record; nil when there is no such message (any more).
  func load(_ id: QueueID) throws(SpoolError) -> StoredMessage? {
    while let found = place(of: id) {
      do throws(SpoolError) {
        return try read(id, found)
      } catch {
        // It may have been moved, and its segment wiped, between the look-up and the read.
        guard let now = place(of: id) else { return nil }
        if now.entry.segment == found.entry.segment, now.entry.offset == found.entry.offset,
          now.entry.snapshotOffset == found.entry.snapshotOffset
        {
          throw error
        }
      }
    }
    return nil
  }

  private struct Found {
    let entry: Entry
    let segment: SegmentUse
    let snapshot: SegmentUse?
  }

  private func place(of id: QueueID) -> Found? {
    agenda.withLock { agenda in
      guard let entry = agenda.entries[id], let segment = agenda.segments[entry.segment] else { return nil }
      return Found(
        entry: entry, segment: SegmentUse(file: segment.file, generation: segment.generation),
        snapshot: agenda.segments[entry.snapshotSegment].map { SegmentUse(file: $0.file, generation: $0.generation) })
    }
  }

  private func read(_ id: QueueID, _ found: Found) throws(SpoolError) -> StoredMessage {
    let entry = found.entry
    let message = try record(found.segment, entry.offset, entry.length) { MessageRecord($0, $1, at: 0) }
    guard var message, message.id == id else { throw .damaged(id) }
    if let snapshot = found.snapshot {
      let progress = try record(snapshot, entry.snapshotOffset, entry.snapshotLength) { frame, bytes in
        frame.id == id.rawValue ? Progress(frame, bytes, at: 0) : nil
      }
      guard let progress, progress.states.isEmpty || progress.states.count == message.envelope.recipients.count else {
        throw .damaged(id)
      }
      message.progress = progress
    }
    if message.progress.states.isEmpty {
      message.progress.states = Array(repeating: .waiting, count: message.envelope.recipients.count)
    }
    message.progress.nextAttempt = entry.nextAttempt
    message.progress.crashes = entry.crashes
    return StoredMessage(record: message, segment: found.segment.file, entry: entry)
  }

  private func record<Value>(
    _ segment: SegmentUse, _ offset: UInt32, _ length: UInt32, _ decode: (RecordFrame, UnsafeRawBufferPointer) -> Value?
  ) throws(SpoolError) -> Value? {
    let bytes: [UInt8]
    do { bytes = try segment.file.read(Int(offset), Int(length)) } catch { throw .disk(error) }
    return bytes.withUnsafeBytes { bytes in
      RecordFrame(bytes, at: 0, base: Int(offset), generation: segment.generation).flatMap { decode($0, bytes) }
    }
  }

  func content(of stored: StoredMessage) -> SpooledContent {
    SpooledContent(
      id: stored.record.id, folder: folder, segment: stored.record.place.isFile ? nil : stored.segment, place: stored.record.place,
      report: report)
  }
}
