// SPDX-License-Identifier: Apache-2.0

/// Reads little-endian fields one after the other; every read is checked, and nil once the bytes run out.
struct ByteCursor {
  let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var left: Int { bytes.count - position }

  mutating func integer<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
    let size = MemoryLayout<T>.size
    guard left >= size else { return nil }
    defer { position += size }
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
  }

  /// A 32-bit count and as many bytes; what is not UTF-8 is repaired.
  mutating func string() -> String? {
    guard let count = integer(UInt32.self), count <= left else { return nil }
    defer { position += Int(count) }
    return String(decoding: bytes[position..<(position + Int(count))], as: UTF8.self)
  }

  /// A flag byte, then perhaps a string.
  mutating func optionalString() -> String?? {
    switch integer(UInt8.self) {
    case 0: .some(nil)
    case 1: string().map { .some($0) }
    default: nil
    }
  }

  mutating func skipString() -> Bool {
    guard let count = integer(UInt32.self) else { return false }
    return skip(Int(count))
  }

  mutating func skipOptionalString() -> Bool {
    switch integer(UInt8.self) {
    case 0: true
    case 1: skipString()
    default: false
    }
  }

  mutating func skip(_ count: Int) -> Bool {
    guard count >= 0, count <= left else { return false }
    position += count
    return true
  }
}
