// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What a record of a segment says.
package enum RecordKind: UInt8, Sendable {
  case batch = 1
  case message = 2
  case note = 3
  case snapshot = 4
  case finished = 5
  case void = 6
}

let recordMagic: UInt32 = 0x5249_4557  // "WEIR"
let recordVersion: UInt8 = 1
package let recordHeadSize = 32

/// A record found whole and unharmed at its place. Layout, little-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `WEIR` |
/// | 4 | 1 | version |
/// | 5 | 1 | kind |
/// | 6 | 2 | zero |
/// | 8 | 4 | length of the record, with this head, a multiple of 8 |
/// | 12 | 4 | CRC-32C of generation, offset in the segment and the record without this field |
/// | 16 | 8 | queue id, or the sequence of a batch |
/// | 24 | 4 | length of the payload |
/// | 28 | 4 | zero |
/// | 32 | | payload, padded with zeros |
package struct RecordFrame: Equatable, Sendable {
  package let kind: RecordKind
  package let id: UInt64
  /// With head and padding.
  package let length: Int
  package let payloadLength: Int

  /// The record that begins at `position` of `bytes`, which are those at `base` of a segment; nil when there is none.
  package init?(_ bytes: UnsafeRawBufferPointer, at position: Int, base: Int, generation: UInt64) {
    guard let length = Self.length(bytes, at: position), length <= bytes.count - position else { return nil }
    let record = UnsafeRawBufferPointer(rebasing: bytes[position..<(position + length)])
    let stored = UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    guard stored == recordCRC(record, generation: generation, offset: base + position) else { return nil }
    guard let kind = RecordKind(rawValue: record[5]) else { return nil }
    self.kind = kind
    id = UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    self.length = length
    payloadLength = Int(UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 24, as: UInt32.self)))
    guard payloadLength <= length - recordHeadSize else { return nil }
  }

  /// The length that a record's head claims, if it looks like one. Nothing is proved before the CRC.
  package static func length(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Int? {
    guard position >= 0, bytes.count - position >= recordHeadSize else { return nil }
    guard UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)) == recordMagic else { return nil }
    guard bytes[position + 4] == recordVersion else { return nil }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 8, as: UInt32.self)))
    return length >= recordHeadSize && length % 8 == 0 ? length : nil
  }

  /// The payload of this record, which begins at `position` of `bytes`.
  func payload(_ bytes: UnsafeRawBufferPointer, at position: Int) -> ByteCursor {
    let start = position + recordHeadSize
    guard start >= 0, start + payloadLength <= bytes.count else { return ByteCursor(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[start..<(start + payloadLength)]))
  }
}

/// A record that was written for another place or another use of the segment has another CRC. So has one that a mail brought along:
/// nobody outside knows the generation.
func recordCRC(_ record: UnsafeRawBufferPointer, generation: UInt64, offset: Int) -> UInt32 {
  var crc = CRC32C()
  withUnsafeBytes(of: (generation.littleEndian, UInt64(offset).littleEndian)) { crc.update($0) }
  crc.update(UnsafeRawBufferPointer(rebasing: record[..<12]))
  crc.update(UnsafeRawBufferPointer(rebasing: record[16...]))
  return crc.value
}
