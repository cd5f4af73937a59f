// SPDX-License-Identifier: MIT
import CWeir

/// Bytes that the host lends until the callback returns, without a copy: `String(text)` makes one to keep.
/// It is not Sendable, so that the compiler refuses a closure that runs later and still looks at it.
public struct BorrowedText {
  public let bytes: UnsafeRawBufferPointer

  @inlinable public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  @inlinable init(_ raw: weir_str) { bytes = UnsafeRawBufferPointer(start: raw.ptr, count: raw.ptr == nil ? 0 : raw.len) }

  @inlinable public var isEmpty: Bool { bytes.isEmpty }
  @inlinable public var count: Int { bytes.count }

  /// Whether both are the same, where `a` and `A` are the same.
  @inlinable public func isEqual(to word: StaticString) -> Bool {
    word.utf8CodeUnitCount == bytes.count && matches(word.bytes, at: 0)
  }

  /// Whether a word is in it, where `a` and `A` are the same.
  @inlinable public func contains(_ word: String) -> Bool {
    var word = word
    return word.withUTF8 { contains(UnsafeRawBufferPointer($0)) }
  }

  @inlinable public func contains(_ word: StaticString) -> Bool { contains(word.bytes) }

  @inlinable func contains(_ word: UnsafeRawBufferPointer) -> Bool {
    guard let first = word.first else { return true }
    guard bytes.count >= word.count else { return false }
    let (lower, upper) = (first.lowercased, first.uppercased)
    for start in 0...(bytes.count - word.count) {
      let byte = bytes[start]
      if byte == lower || byte == upper, matches(word, at: start) { return true }
    }
    return false
  }

  @inlinable func matches(_ word: UnsafeRawBufferPointer, at start: Int) -> Bool {
    for index in 0..<word.count where bytes[start + index].lowercased != word[index].lowercased { return false }
    return true
  }

  /// What follows the last `separator`; nil if there is none.
  public func after(_ separator: Character) -> BorrowedText? {
    guard let byte = separator.asciiValue, let index = bytes.lastIndex(of: byte) else { return nil }
    return BorrowedText(UnsafeRawBufferPointer(rebasing: bytes[(index + 1)...]))
  }
}

extension BorrowedText: CustomStringConvertible {
  public var description: String { String(self) }
}

extension String {
  /// A copy, with what is not UTF-8 replaced.
  public init(_ text: BorrowedText) { self = String(decoding: text.bytes, as: UTF8.self) }
}

extension UInt8 {
  @inlinable var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
  @inlinable var uppercased: UInt8 { self &- 0x61 < 26 ? self & ~0x20 : self }
}

extension StaticString {
  @inlinable var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }

  /// NUL-terminated, and there until the process ends.
  @inlinable var characters: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }

  @inlinable var lent: weir_str { weir_str(ptr: characters, len: utf8CodeUnitCount) }
}

extension String {
  /// Lends the text to a function of the host.
  @inlinable func lend<Answer>(_ body: (weir_str) -> Answer) -> Answer {
    var text = self
    return text.withUTF8 { bytes in
      body(weir_str(ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self), len: bytes.count))
    }
  }
}
