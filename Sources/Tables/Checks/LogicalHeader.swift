// SPDX-License-Identifier: Apache-2.0
import CBytes

/// A header field as the rules see it: `name:`, what follows the colon, its lines apart by LF and each with the white space it begins with. Trailing
/// white space stays; blanks before the colon do not.
package enum LogicalHeader {
  /// The fields that mime_header_checks looks at wherever they are.
  package static func isMIME(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    switch name.count {
    case 10: name.isEqual(to: "content-id")
    case 12: name.isEqual(to: "content-type") || name.isEqual(to: "mime-version")
    case 19: name.isEqual(to: "content-disposition") || name.isEqual(to: "content-description")
    case 25: name.isEqual(to: "content-transfer-encoding")
    default: false
    }
  }

  /// `value`: what follows the colon and one blank, unless `isTight`, where no blank followed. CR LF counts as LF.
  ///
  /// Of a field longer than `limit` (header_size_limit, 0 for none) the rules see no more than the line in which the limit is reached, or of a long line
  /// the piece of 2048 bytes: a field comes to Postfix's cleanup(8) in such pieces.
  ///
  /// Not generic: it is called for each field from another module, where that would cost as much as the rules.
  package static func with(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, isTight: Bool = false, limit: Int,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: name.count + value.count + 2) { room in
      var count = copy(name, to: room, at: 0)
      room[count] = UInt8(ascii: ":")
      count += 1
      if !isTight {
        room[count] = 0x20
        count += 1
      }
      count = copyLines(value, to: room, at: count)
      body(UnsafeBufferPointer(rebasing: cut(UnsafeBufferPointer(rebasing: room[..<count]), limit)))
    }
  }

  private static func copy(_ text: UnsafeBufferPointer<UInt8>, to room: UnsafeMutableBufferPointer<UInt8>, at offset: Int) -> Int {
    guard let base = text.baseAddress, let target = room.baseAddress else { return offset }
    (target + offset).update(from: base, count: text.count)
    return offset + text.count
  }

  private static func copyLines(_ text: UnsafeBufferPointer<UInt8>, to room: UnsafeMutableBufferPointer<UInt8>, at offset: Int) -> Int {
    guard let base = text.baseAddress, let found = memchr(base, 0x0d, text.count) else { return copy(text, to: room, at: offset) }
    let carriageReturn = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
    var offset = copy(UnsafeBufferPointer(rebasing: text[..<carriageReturn]), to: room, at: offset)
    for index in carriageReturn..<text.count where text[index] != 0x0d || index + 1 >= text.count || text[index + 1] != 0x0a {
      room[offset] = text[index]
      offset += 1
    }
    return offset
  }

  private static func cut(_ text: UnsafeBufferPointer<UInt8>, _ limit: Int) -> Slice<UnsafeBufferPointer<UInt8>> {
    guard limit > 0, text.count > limit else { return text[...] }
    let begin = text[..<limit].lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    let pieces = max(1, (limit - begin + piece - 1) / piece)
    return text[..<min(begin + pieces * piece, text[limit...].firstIndex(of: 0x0a) ?? text.count)]
  }

  /// Postfix's line_length_limit.
  private static let piece = 2048
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether it is this word of small letters, in letters of any case.
  fileprivate func isEqual(to word: StaticString) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    for index in indices where self[index] | (self[index] &- 0x41 < 26 ? 0x20 : 0) != word.utf8Start[index] { return false }
    return true
  }
}
