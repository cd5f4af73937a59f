// SPDX-License-Identifier: Apache-2.0

/// Writes numbers and texts, little end first, each text after its length.
package struct FrameWriter {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

  package mutating func byte(_ value: UInt8) { bytes.append(value) }

  package mutating func number<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  package mutating func text(_ value: String) {
    var value = value
    value.withUTF8 { utf8 in
      number(UInt32(clamping: utf8.count))
      bytes.append(contentsOf: utf8)
    }
  }

  package mutating func data(_ value: [UInt8]) {
    number(UInt32(clamping: value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func list<Value>(_ values: [Value], _ write: (inout FrameWriter, Value) -> Void) {
    number(UInt32(clamping: values.count))
    for value in values { write(&self, value) }
  }

  package mutating func optional<Value>(_ value: Value?, _ write: (inout FrameWriter, Value) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }
}

/// What comes from the other process is none of the frames that there are, or says of itself what cannot be.
package struct FrameError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Reads what FrameWriter wrote; anything else is an error, never a trap. Lengths are checked before memory is taken.
package struct FrameReader {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  /// `bytes` must stay for as long as this is used.
  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  package var isAtEnd: Bool { position == bytes.count }

  private mutating func take(_ count: Int) throws(FrameError) -> UnsafeRawBufferPointer {
    guard count <= bytes.count - position else { throw FrameError("a frame ends too early") }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  package mutating func byte() throws(FrameError) -> UInt8 { try number() }

  package mutating func number<Value: FixedWidthInteger>() throws(FrameError) -> Value {
    Value(littleEndian: try take(MemoryLayout<Value>.size).loadUnaligned(as: Value.self))
  }

  package mutating func flag() throws(FrameError) -> Bool {
    let value: UInt8 = try number()
    guard value < 2 else { throw FrameError("a frame has a flag that is neither 0 nor 1") }
    return value == 1
  }

  package mutating func data() throws(FrameError) -> [UInt8] {
    let count: UInt32 = try number()
    return Array(try take(Int(count)))
  }

  package mutating func text() throws(FrameError) -> String {
    let count: UInt32 = try number()
    return String(decoding: try take(Int(count)), as: UTF8.self)
  }

  package mutating func list<Value>(limit: Int, _ read: (inout FrameReader) throws(FrameError) -> Value) throws(FrameError) -> [Value] {
    let count: UInt32 = try number()
    guard count <= limit else { throw FrameError("a frame has a list of \(count); at most \(limit) can be") }
    var values: [Value] = []
    // Each takes a byte at least: more than there are bytes cannot come.
    values.reserveCapacity(min(Int(count), bytes.count - position))
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }

  package mutating func optional<Value>(_ read: (inout FrameReader) throws(FrameError) -> Value) throws(FrameError) -> Value? {
    try flag() ? try read(&self) : nil
  }

  /// The rest, as it is.
  package mutating func rest() -> [UInt8] {
    defer { position = bytes.count }
    return Array(bytes[position...])
  }

  package func end() throws(FrameError) {
    guard isAtEnd else { throw FrameError("a frame goes on behind its end") }
  }
}
