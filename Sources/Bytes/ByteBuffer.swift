// SPDX-License-Identifier: Apache-2.0

/// Bytes with one owner: appended at the end, consumed at the front, without copies in between.
///
/// Memory is taken at the first append and given back by `release()`, so an idle session holds none.
package struct ByteBuffer: ~Copyable, @unchecked Sendable {
  private var base: UnsafeMutableRawPointer?
  private var head = 0
  private var tail = 0
  package private(set) var capacity = 0

  package init() {}

  package init(capacity: Int) { reserve(capacity) }

  deinit { base?.deallocate() }

  /// The number of bytes that can be read.
  package var count: Int { tail &- head }
  package var isEmpty: Bool { tail == head }

  /// The bytes to read. The pointer is valid within `body` only.
  package func withReadable<Result: ~Copyable>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    guard let base else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return try body(UnsafeRawBufferPointer(start: base + head, count: tail &- head))
  }

  /// Drops up to `count` bytes from the front.
  package mutating func consume(_ count: Int) {
    head = min(tail, head &+ max(0, count))
    if head == tail { head = 0; tail = 0 }
  }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    reserve(bytes.count)
    guard let base else { return }
    (base + tail).copyMemory(from: source, byteCount: bytes.count)
    tail &+= bytes.count
  }

  /// The line, CR and LF.
  package mutating func appendLine(_ line: UnsafeRawBufferPointer) {
    reserve(line.count &+ 2)
    guard let base else { return }
    if let source = line.baseAddress { (base + tail).copyMemory(from: source, byteCount: line.count) }
    base.storeBytes(of: 0x0d, toByteOffset: tail &+ line.count, as: UInt8.self)
    base.storeBytes(of: 0x0a, toByteOffset: tail &+ line.count &+ 1, as: UInt8.self)
    tail &+= line.count &+ 2
  }

  package mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  package mutating func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  package mutating func append(_ byte: UInt8) {
    reserve(1)
    base?.storeBytes(of: byte, toByteOffset: tail, as: UInt8.self)
    tail &+= 1
  }

  /// Lets `body` fill free space of at least `minimum` bytes; it answers how many it filled.
  package mutating func withWritable(minimum: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
    reserve(minimum)
    guard let base else { return 0 }
    let filled = max(0, min(capacity &- tail, body(UnsafeMutableRawBufferPointer(start: base + tail, count: capacity &- tail))))
    tail &+= filled
    return filled
  }

  /// Forgets the content and keeps the memory.
  package mutating func removeAll() {
    head = 0
    tail = 0
  }

  /// Forgets the content and gives the memory back.
  package mutating func release() {
    base?.deallocate()
    base = nil
    capacity = 0
    removeAll()
  }

  /// Makes room for `extra` more bytes: by moving the content to the front, or by growing to twice the size.
  package mutating func reserve(_ extra: Int) {
    if capacity &- tail >= extra { return }
    let live = count
    if let base, head > 0, capacity &- live >= extra, head >= live {
      base.copyMemory(from: base + head, byteCount: live)
    } else {
      let wanted = max(live + extra, min(capacity * 2, capacity + 1 << 20), 64)
      let grown = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
      if let base {
        grown.copyMemory(from: base + head, byteCount: live)
        base.deallocate()
      }
      base = grown
      capacity = wanted
    }
    head = 0
    tail = live
  }

  package func array() -> [UInt8] { withReadable { Array($0) } }
}
