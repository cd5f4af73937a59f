// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// Walks through the batches of a segment, reading records but no contents, and tells damage from a torn tail: whatever lies before a good
/// batch was synced before that batch was written.
struct SegmentScanner {
  let file: SegmentFile
  let generation: UInt64

  private var size: Int { file.size }

  /// A batch whose first record is good.
  struct FoundBatch {
    let head: BatchHead
    let offset: Int
    /// All its records, as far as the file has them.
    let bytes: [UInt8]

    var end: Int { aligned(offset + head.length) }
  }

  enum Event {
    case batch(BatchHead)
    /// A good record. Proven: it was synced, so its content was too.
    case record(RecordFrame, [UInt8], position: Int, base: Int, isProven: Bool)
    case damage(offset: Int)
    case torn(offset: Int)
  }

  /// The first good batch, wherever it is.
  func first() throws(DiskError) -> FoundBatch? {
    if let batch = try batch(at: SegmentHeader.area) { return batch }
    return try search(from: SegmentHeader.area + BatchHead.alignment, after: 0)
  }

  func scan(_ visit: (Event) throws(DiskError) -> Void) throws(DiskError) {
    guard var current = try first() else { return }
    if current.offset > SegmentHeader.area { try salvage(SegmentHeader.area..<current.offset, visit) }
    while true {
      var next: FoundBatch?
      if !current.head.isLast {
        next = try batch(at: current.end, after: current.head.sequence)
        if next == nil { next = try search(from: current.end + BatchHead.alignment, after: current.head.sequence) }
      }
      try records(of: current, isProven: current.head.isLast || next != nil, visit)
      guard let next else { return }
      if next.offset > current.end { try salvage(current.end..<next.offset, visit) }
      current = next
    }
  }

  // MARK: batches

  private func batch(at offset: Int, after sequence: UInt64 = 0) throws(DiskError) -> FoundBatch? {
    guard offset + recordHeadSize <= size else { return nil }
    let bytes = try file.read(offset, min(BatchHead.alignment, size - offset))
    guard let head = head(bytes, offset), head.sequence > sequence else { return nil }
    if head.metadataLength <= bytes.count {
      return FoundBatch(head: head, offset: offset, bytes: Array(bytes[..<head.metadataLength]))
    }
    return FoundBatch(head: head, offset: offset, bytes: try file.read(offset, head.metadataLength))
  }

  /// The batch head at the start of `bytes`, if there is one that fits into the segment.
  private func head(_ bytes: [UInt8], _ offset: Int) -> BatchHead? {
    bytes.withUnsafeBytes { bytes in
      guard let frame = RecordFrame(bytes, at: 0, base: offset, generation: generation), let head = BatchHead(frame, bytes, at: 0),
        head.length <= size - offset
      else { return nil }
      return head
    }
  }

  private static let stride = 1 << 20

  /// The next good batch at or behind `offset`.
  private func search(from offset: Int, after sequence: UInt64) throws(DiskError) -> FoundBatch? {
    var start = offset
    while start < size {
      let block = try file.read(start, min(Self.stride, size - start))
      for position in Swift.stride(from: 0, to: block.count, by: BatchHead.alignment) where looksLikeRecord(block, position) {
        if let found = try batch(at: start + position, after: sequence) { return found }
      }
      if block.isEmpty { return nil }
      start += Self.stride
    }
    return nil
  }

  private func looksLikeRecord(_ block: [UInt8], _ position: Int) -> Bool {
    block.withUnsafeBytes { RecordFrame.length($0, at: position) != nil }
  }

  // MARK: records

  private func records(of batch: FoundBatch, isProven: Bool, _ visit: (Event) throws(DiskError) -> Void) throws(DiskError) {
    try visit(.batch(batch.head))
    var position = 0
    var wasGood = true
    while position < batch.bytes.count {
      if let frame = frame(batch.bytes, position, batch.offset) {
        if frame.kind != .batch {
          try visit(.record(frame, batch.bytes, position: position, base: batch.offset, isProven: isProven))
        }
        position += frame.length
        wasGood = true
      } else {
        if wasGood { try visit(isProven ? .damage(offset: batch.offset + position) : .torn(offset: batch.offset + position)) }
        wasGood = false
        position += 8
      }
    }
  }

  private func frame(_ bytes: [UInt8], _ position: Int, _ base: Int) -> RecordFrame? {
    bytes.withUnsafeBytes { RecordFrame($0, at: position, base: base, generation: generation) }
  }

  /// A stretch between two good batches whose first record is lost: any record in it that is whole still counts.
  private func salvage(_ range: Range<Int>, _ visit: (Event) throws(DiskError) -> Void) throws(DiskError) {
    try visit(.damage(offset: range.lowerBound))
    let bytes = try file.read(range.lowerBound, range.count)
    var position = 0
    while position < bytes.count {
      if let frame = frame(bytes, position, range.lowerBound), frame.kind != .batch {
        try visit(.record(frame, bytes, position: position, base: range.lowerBound, isProven: true))
        position += frame.length
      } else {
        position += 8
      }
    }
  }
}
