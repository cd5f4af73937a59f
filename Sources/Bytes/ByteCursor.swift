// SPDX-License-Identifier: Apache-2.0
import CBytes

/// Reads bytes from left to right and never past their end, whatever it is asked.
///
/// Borrows the bytes: it must not outlive the scope in which its buffer is valid.
package struct ByteCursor {
  package let bytes: UnsafeRawBufferPointer
  package private(set) var position = 0

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  package var isAtEnd: Bool { position >= bytes.count }

  /// The next byte, which stays; nil at the end.
  package var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// What has not been read yet.
  package var rest: UnsafeRawBufferPointer { bytes.slice(position, bytes.count) }

  package mutating func next() -> UInt8? {
    guard let byte = peek else { return nil }
    position &+= 1
    return byte
  }

  /// Reads `byte` if it comes next.
  package mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    position &+= 1
    return true
  }

  /// Reads the longest run of members of `set`, which may be empty.
  @discardableResult
  package mutating func take(while set: ASCIISet) -> UnsafeRawBufferPointer {
    let start = position
    while let byte = peek, set.contains(byte) { position &+= 1 }
    return bytes.slice(start, position)
  }

  /// Reads up to the first member of `set` or the end; the result may be empty.
  @discardableResult
  package mutating func take(until set: ASCIISet) -> UnsafeRawBufferPointer {
    let start = position
    while let byte = peek, !set.contains(byte) { position &+= 1 }
    return bytes.slice(start, position)
  }

  /// Reads `word` if it comes next in any case; `word` is given in upper case.
  package mutating func take(word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard bytes.slice(position, position &+ length).equalsIgnoringCase(word) else { return false }
    position &+= length
    return true
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes from `start` up to `end`, both clamped to what there is.
  package func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    let end = Swift.max(0, Swift.min(end, count))
    let start = Swift.max(0, Swift.min(start, end))
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }

  /// Whether the bytes are `word` in any ASCII case; `word` is given in upper case.
  package func equalsIgnoringCase(_ word: StaticString) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { word in
      for index in 0..<count where self[index].asciiUppercased != word[index] { return false }
      return true
    }
  }

  /// The offset of the first `byte`, by memchr.
  package func offset(of byte: UInt8) -> Int? {
    guard let baseAddress, let hit = memchr(baseAddress, Int32(byte), count) else { return nil }
    return UnsafeRawPointer(hit) - baseAddress
  }

  /// The decimal number the bytes are, if they are one to `maximumDigits` digits and nothing else.
  package func decimal(maximumDigits: Int = 18) -> Int? {
    guard !isEmpty, count <= Swift.min(maximumDigits, 18) else { return nil }
    var value = 0
    for byte in self {
      guard ASCIISet.digit.contains(byte) else { return nil }
      value = value &* 10 &+ Int(byte &- 0x30)
    }
    return value
  }
}

extension UInt8 {
  package var asciiUppercased: UInt8 { self >= 0x61 && self <= 0x7a ? self & 0xdf : self }
  package var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5a ? self | 0x20 : self }
}
