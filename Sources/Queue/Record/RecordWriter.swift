// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Builds the metadata of a batch: records one after the other, each padded to eight bytes, sealed when their place is known.
package struct RecordWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private var starts: [Int] = []

  package init() {}

  /// Records that were built before, to be changed and sealed anew. For tests and fuzzing.
  package init(resealing bytes: [UInt8]) {
    self.bytes = bytes
    var position = 0
    while let length = bytes.withUnsafeBytes({ RecordFrame.length($0, at: position) }), length <= bytes.count - position {
      starts.append(position)
      position += length
    }
  }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
  }

  /// Appends a record whose payload `body` writes.
  mutating func record(_ kind: RecordKind, id: UInt64, _ body: (inout RecordWriter) -> Void) {
    let start = bytes.count
    starts.append(start)
    put(recordMagic)
    put(recordVersion)
    put(kind.rawValue)
    put(UInt16(0))
    put(UInt32(0))  // length, when it is known
    put(UInt32(0))  // CRC, by seal
    put(id)
    put(UInt64(0))  // payload length and reserve
    body(&self)
    let payload = bytes.count - start - recordHeadSize
    while bytes.count % 8 != 0 { bytes.append(0) }
    store(UInt32(truncatingIfNeeded: bytes.count - start), at: start + 8)
    store(UInt32(truncatingIfNeeded: payload), at: start + 24)
  }

  /// Writes each record's CRC for metadata that begins at `offset` of a segment of this generation. The last step.
  package mutating func seal(generation: UInt64, offset: Int) {
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? starts[index + 1] : bytes.count
      let crc = bytes.withUnsafeBytes { all in
        recordCRC(UnsafeRawBufferPointer(rebasing: all[start..<end]), generation: generation, offset: offset + start)
      }
      store(crc, at: start + 12)
    }
  }

  mutating func put<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ text: String) {
    put(UInt32(truncatingIfNeeded: text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func put(_ text: String?) {
    put(UInt8(text == nil ? 0 : 1))
    if let text { put(text) }
  }

  package mutating func store<T: FixedWidthInteger>(_ value: T, at position: Int) {
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: position, as: T.self) }
  }
}
