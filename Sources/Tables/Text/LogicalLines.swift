// SPDX-License-Identifier: Apache-2.0
import CBytes

/// The entries of a text as Postfix reads it: a line that starts with white space continues the one before, comments and empty lines mean nothing.
///
/// Nothing is copied, and of a line that is not continued each byte is looked at once.
struct LogicalLines {
  typealias Bytes = UnsafeRawBufferPointer

  struct Line {
    /// The first of its lines, without the line feed.
    let first: Range<Int>
    /// Whether other lines continue it.
    let isContinued: Bool
  }

  private let text: Bytes
  private var offset: Int

  /// From a line's beginning on.
  init(_ text: Bytes, from offset: Int = 0) {
    self.text = text
    self.offset = offset
  }

  /// The first line of a text may start with white space, which is an error; no other does.
  mutating func next() -> Line? {
    while offset < text.count {
      let begin = offset
      let end = Self.endOfLine(text, from: begin)
      offset = min(end + 1, text.count)
      if Self.isBlankOrComment(text, begin..<end) { continue }
      return Line(first: begin..<end, isContinued: skipContinuation())
    }
    return nil
  }

  /// Whether the next lines continue the one before; then they were passed over.
  private mutating func skipContinuation() -> Bool {
    var isContinued = false
    var next = offset
    // In most texts the next byte tells that the entry is complete.
    while next < text.count, text[next].isBlankByte || text[next] == UInt8(ascii: "#") {
      let end = Self.endOfLine(text, from: next)
      let means = !Self.isBlankOrComment(text, next..<end)
      if means, !text[next].isBlankByte { break }
      isContinued = isContinued || means
      next = min(end + 1, text.count)
      offset = next
    }
    return isContinued
  }

  /// The whole entry that begins at `begin`: the continuing lines keep the white space that they start with.
  static func joined(_ text: Bytes, from begin: Int) -> [UInt8] {
    var end = endOfLine(text, from: begin)
    var whole = Array(text[begin..<end])
    while end + 1 < text.count {
      let next = end + 1
      end = endOfLine(text, from: next)
      if isBlankOrComment(text, next..<end) { continue }
      guard text[next].isBlankByte else { break }
      whole += text[next..<end]
    }
    return whole
  }

  static func endOfLine(_ text: Bytes, from offset: Int) -> Int {
    guard let base = text.baseAddress, offset < text.count, let found = memchr(base + offset, 0x0a, text.count - offset) else { return text.count }
    return base.distance(to: UnsafeRawPointer(found))
  }

  private static func isBlankOrComment(_ text: Bytes, _ line: Range<Int>) -> Bool {
    for offset in line where !text[offset].isBlankByte { return text[offset] == UInt8(ascii: "#") }
    return true
  }
}

extension UInt8 {
  /// Space, tab, and the characters that end lines; the same as `isBlank`, here because it must not cost a call for each byte.
  @inline(__always) var isBlankByte: Bool { self <= 0x20 && (self == 0x20 || (self >= 0x09 && self <= 0x0d)) }
}
