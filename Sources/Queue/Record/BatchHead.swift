// SPDX-License-Identifier: Apache-2.0

/// The first record of a batch, at a multiple of `batchAlignment` in its segment.
///
/// That it is there proves that everything before it in the segment was once synced: a bad record before it is damage, not a torn write.
package struct BatchHead: Equatable, Sendable {
  /// One more than that of the batch before, over all segments.
  package var sequence: UInt64
  /// Bytes of all records, this one included.
  package var metadataLength: Int
  /// Bytes of records and contents.
  package var length: Int
  /// All ids below have been given away, or will never be.
  package var mark: QueueID
  package var boot: Boot
  /// Nothing follows in this segment: the spool was closed.
  package var isLast: Bool

  package init(sequence: UInt64, mark: QueueID, boot: Boot, isLast: Bool = false) {
    self.sequence = sequence
    metadataLength = 0
    length = 0
    self.mark = mark
    self.boot = boot
    self.isLast = isLast
  }

  /// Of a batch's start, so that no write touches a page of a batch already promised.
  package static let alignment = 4096

  private static let lengthsPosition = recordHeadSize

  /// Begins a batch; the lengths are filled in by `finish`.
  package func write(to writer: inout RecordWriter) {
    writer.record(.batch, id: sequence) { payload in
      payload.put(UInt64(0))
      payload.put(UInt64(0))
      payload.put(mark.rawValue)
      payload.put(boot.high)
      payload.put(boot.low)
      payload.put(UInt8(isLast ? 1 : 0))
    }
  }

  package static func setLengths(_ writer: inout RecordWriter, metadata: Int, total: Int) {
    writer.store(UInt64(metadata), at: lengthsPosition)
    writer.store(UInt64(total), at: lengthsPosition + 8)
  }

  package init?(_ frame: RecordFrame, _ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard frame.kind == .batch else { return nil }
    var payload = frame.payload(bytes, at: position)
    guard let metadata = payload.integer(UInt64.self).flatMap(Int.init(exactly:)),
      let length = payload.integer(UInt64.self).flatMap(Int.init(exactly:)), let mark = payload.integer(UInt64.self),
      let high = payload.integer(UInt64.self), let low = payload.integer(UInt64.self), let last = payload.integer(UInt8.self),
      metadata >= frame.length, length >= metadata, length <= Int(UInt32.max)
    else { return nil }
    sequence = frame.id
    metadataLength = metadata
    self.length = length
    self.mark = QueueID(rawValue: mark)
    boot = Boot(high: high, low: low)
    isLast = last != 0
  }
}
