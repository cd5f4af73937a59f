// SPDX-License-Identifier: Apache-2.0
import Bytes
import CBytes

/// Appends to space that has been reserved; what does not fit is left out, never written beyond.
struct ContentWriter {
  private let space: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(_ space: UnsafeMutableRawBufferPointer) { self.space = space }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, let base = space.baseAddress, bytes.count <= space.count &- count else { return }
    memcpy(base + count, source, bytes.count)
    count &+= bytes.count
  }

  /// The line, and LF.
  @inline(__always)
  mutating func appendLine(_ line: UnsafeRawBufferPointer) {
    guard let source = line.baseAddress, let base = space.baseAddress, line.count < space.count &- count else { return }
    memcpy(base + count, source, line.count)
    base.storeBytes(of: 0x0a, toByteOffset: count &+ line.count, as: UInt8.self)
    count &+= line.count &+ 1
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    guard count < space.count else { return }
    space[count] = byte
    count &+= 1
  }

  mutating func append(_ byte: UInt8, repeated times: Int) {
    guard times > 0, let base = space.baseAddress, times <= space.count &- count else { return }
    memset(base + count, Int32(byte), times)
    count &+= times
  }

  /// Replaces each `old` at or after `start` by `new`.
  mutating func replace(_ old: UInt8, by new: UInt8, from start: Int) {
    var position = start
    while position < count, let hit = UnsafeRawBufferPointer(space).slice(position, count).offset(of: old) {
      space[position &+ hit] = new
      position &+= hit &+ 1
    }
  }
}
