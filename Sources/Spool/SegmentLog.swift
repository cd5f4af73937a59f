// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// The segments, in the order of their first batch, and what the committer must not forget. Only the committer touches it.
struct SegmentLog {
  var active: OpenSegment?
  /// Oldest first. Only the first is ever wiped, so a record that ends a message outlives every record of that message.
  var sealed: [SealedSegment] = []
  var free: [FreeSegment] = []
  /// Files that are no segments any more: to be renamed out of the way.
  var aside: [SegmentFile] = []
  /// Empty files that are of no use: to be removed.
  var surplus: [SegmentFile] = []
  var nextSerial: UInt32 = 1
  var nextSequence: UInt64 = 1
  /// Batches of this run.
  var written = 0
  /// Ids whose commit failed after they may have reached the disk: to be declared void before anything else is written.
  var voids: [QueueID] = []
  /// Ends of messages that were found but may not be on disk: to be written again before anything is done about them.
  var repeats: [NoteRecord] = []
  /// Segments with messages that were found but may not be on disk: synced before anything is done about those.
  var unproven: [SegmentFile] = []
  var isOpened = false
  var isClosed = false
  /// Why the last write failed; nil once one succeeds.
  var failure: DiskError?
  /// Writes that failed one after the other, and when to try again.
  var failures = 0
  var retryAt: Int64 = 0
  /// Why no more segments can be made; nil once one could.
  var shortage: DiskError?
  /// What the log was last told about refused messages.
  var refusing: CommitOutcome?
  var writer = RecordWriter()
}

struct OpenSegment {
  let file: SegmentFile
  let serial: UInt32
  let generation: UInt64
  /// Where the next batch begins.
  var offset: Int
  /// The header of this generation goes with the first batch.
  var isHeaderPending: Bool
}

struct SealedSegment {
  let file: SegmentFile
  let serial: UInt32
  /// Something in it could not be read, so it is kept aside instead of being used again.
  var isDamaged = false
}

struct FreeSegment {
  let file: SegmentFile
}

extension SegmentLog {
  mutating func seal() {
    guard let active else { return }
    sealed.append(SealedSegment(file: active.file, serial: active.serial))
    self.active = nil
  }

  /// Makes a free segment the active one.
  mutating func activate(_ segment: FreeSegment) -> OpenSegment {
    defer { nextSerial &+= 1 }
    let opened = OpenSegment(
      file: segment.file, serial: nextSerial, generation: segment.file.disk.random(), offset: SegmentHeader.area, isHeaderPending: true)
    active = opened
    return opened
  }
}

/// The start of the first batch at or behind `offset`.
func aligned(_ offset: Int) -> Int {
  (offset + BatchHead.alignment - 1) / BatchHead.alignment * BatchHead.alignment
}
