// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The first sector of a segment, and once more a page later in case one copy is harmed.
package struct SegmentHeader: Equatable, Sendable {
  /// Random, new for every use of the file.
  package var generation: UInt64
  /// Empty: no record of this generation was ever promised.
  package var isEmpty: Bool
  /// As in `BatchHead`, so that it outlives the last batch.
  package var mark: QueueID

  package init(generation: UInt64, isEmpty: Bool, mark: QueueID) {
    self.generation = generation
    self.isEmpty = isEmpty
    self.mark = mark
  }

  package static let version: UInt8 = 1
  package static let size = 64
  package static let copies = [0, 4096]
  /// Where the first batch begins.
  package static let area = 8192

  private static let magic: UInt64 = 0x0A30_3147_4553_5257  // "WRSEG10\n"

  package func bytes() -> [UInt8] {
    var writer = RecordWriter()
    writer.put(Self.magic)
    writer.put(Self.version)
    writer.put(UInt8(isEmpty ? 1 : 0))
    writer.put(UInt16(0))
    writer.put(UInt32(0))
    writer.put(generation)
    writer.put(mark.rawValue)
    while writer.bytes.count < Self.size - 4 { writer.put(UInt8(0)) }
    var crc = CRC32C()
    crc.update(writer.bytes)
    writer.put(crc.value)
    return writer.bytes
  }

  package enum ReadFailure: Error, Equatable { case blank, damaged, unknownVersion }

  package init(_ bytes: UnsafeRawBufferPointer) throws(ReadFailure) {
    guard bytes.count >= Self.size else { throw .blank }
    let bytes = UnsafeRawBufferPointer(rebasing: bytes[..<Self.size])
    if bytes.allSatisfy({ $0 == 0 }) { throw .blank }
    var crc = CRC32C()
    crc.update(UnsafeRawBufferPointer(rebasing: bytes[..<(Self.size - 4)]))
    var cursor = ByteCursor(bytes)
    guard cursor.integer(UInt64.self) == Self.magic, let version = cursor.integer(UInt8.self), let empty = cursor.integer(UInt8.self),
      cursor.skip(6), let generation = cursor.integer(UInt64.self), let mark = cursor.integer(UInt64.self),
      cursor.skip(Self.size - 36), cursor.integer(UInt32.self) == crc.value
    else { throw .damaged }
    guard version == Self.version else { throw .unknownVersion }
    self.init(generation: generation, isEmpty: empty != 0, mark: QueueID(rawValue: mark))
  }

  package init(_ bytes: [UInt8]) throws(ReadFailure) {
    let result: Result<SegmentHeader, ReadFailure> = bytes.withUnsafeBytes { bytes in
      do throws(ReadFailure) { return .success(try SegmentHeader(bytes)) } catch { return .failure(error) }
    }
    self = try result.get()
  }
}
