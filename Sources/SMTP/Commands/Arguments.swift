// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The words of a command after its verb, parted by blanks as Postfix parts them: a blank within `<…>` or `"…"` is no end.
struct Arguments {
  private var cursor: ByteCursor

  init(_ cursor: ByteCursor) { self.cursor = cursor }

  /// A word whose `<` or `"` is never closed.
  struct Unclosed: Error {}

  private static let wordEnd = ASCIISet.blank

  var isAtEnd: Bool {
    mutating get {
      cursor.take(while: .blank)
      return cursor.isAtEnd
    }
  }

  /// Everything that is left, without blanks around it.
  mutating func remainder() -> UnsafeRawBufferPointer {
    cursor.take(while: .blank)
    let rest = cursor.rest
    var end = rest.count
    while end > 0, ASCIISet.blank.contains(rest[end &- 1]) { end &-= 1 }
    return rest.slice(0, end)
  }

  /// Reads `FROM:` or `TO:` in any case; blanks may follow, none may be before the colon.
  mutating func take(keyword: StaticString) -> Bool {
    cursor.take(while: .blank)
    return cursor.take(word: keyword) && cursor.take(0x3a)
  }

  /// The next word; nil if there is none.
  mutating func word() throws(Unclosed) -> UnsafeRawBufferPointer? {
    cursor.take(while: .blank)
    if cursor.isAtEnd { return nil }
    let start = cursor.position
    while let byte = cursor.peek, !Arguments.wordEnd.contains(byte) {
      _ = cursor.next()
      if byte == 0x3c { try skip(to: 0x3e) } else if byte == 0x22 { try skip(to: 0x22) }
    }
    return cursor.bytes.slice(start, cursor.position)
  }

  /// The next word, in which quotes and brackets mean nothing.
  mutating func plainWord() -> UnsafeRawBufferPointer? {
    cursor.take(while: .blank)
    return cursor.isAtEnd ? nil : cursor.take(until: Arguments.wordEnd)
  }

  private mutating func skip(to end: UInt8) throws(Unclosed) {
    var isQuoted = end == 0x22
    while let byte = cursor.next() {
      if byte == 0x5c { _ = cursor.next() }
      if byte == end, end == 0x22 || !isQuoted { return }
      if byte == 0x22 { isQuoted.toggle() }
    }
    throw Unclosed()
  }
}
