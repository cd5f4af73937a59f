// SPDX-License-Identifier: Apache-2.0
import CBytes

/// The header of a message: its fields up to the empty line (RFC 5322 §2.2), found without copying.
package enum HeaderBlock {
  /// A field, as offsets into the content that was scanned.
  package struct Field: Equatable, Sendable {
    package let name: Range<Int>
    /// What follows the colon, with continuation lines, without the last line end.
    package internal(set) var value: Range<Int>
    /// All its lines, with their ends.
    package internal(set) var lines: Range<Int>

    package init(name: Range<Int>, value: Range<Int>, lines: Range<Int>) {
      (self.name, self.value, self.lines) = (name, value, lines)
    }
  }

  /// Where a header stops, and why.
  package enum End: Equatable, Sendable {
    /// At an empty line, which begins at this offset.
    case emptyLine(Int)
    /// At a line that is neither a field nor an empty line: the body begins there, unannounced.
    case bodyLine(Int)
    /// There is nothing but fields.
    case content(Int)

    package var offset: Int {
      switch self {
      case .emptyLine(let offset), .bodyLine(let offset), .content(let offset): offset
      }
    }
  }

  /// Calls `visit` for each field in order and says where the header ends.
  @discardableResult
  package static func scan(_ content: UnsafeRawBufferPointer, _ visit: (Field) -> Void) -> End {
    var open: Field?
    var start = 0
    while start < content.count {
      let end = lineEnd(content, from: start)
      let textEnd = trimmed(content, start, end)
      if textEnd == start { return close(open, visit, .emptyLine(start)) }
      if isBlank(content[start]) {
        guard var field = open else { return .bodyLine(start) }
        field.value = field.value.lowerBound..<textEnd
        field.lines = field.lines.lowerBound..<end
        open = field
      } else {
        guard let field = parseField(content, start, textEnd, end) else { return close(open, visit, .bodyLine(start)) }
        if let open { visit(open) }
        open = field
      }
      start = end
    }
    return close(open, visit, .content(content.count))
  }

  private static func close(_ open: Field?, _ visit: (Field) -> Void, _ end: End) -> End {
    if let open { visit(open) }
    return end
  }

  /// `field-name = 1*ftext`, RFC 5322 §3.6.8; §4.5 allows blanks before the colon.
  private static func parseField(_ content: UnsafeRawBufferPointer, _ start: Int, _ textEnd: Int, _ end: Int) -> Field? {
    var nameEnd = start
    while nameEnd < textEnd, (0x21...0x7E).contains(content[nameEnd]), content[nameEnd] != 0x3A { nameEnd += 1 }
    var colon = nameEnd
    while colon < textEnd, isBlank(content[colon]) { colon += 1 }
    guard nameEnd > start, colon < textEnd, content[colon] == 0x3A else { return nil }
    return Field(name: start..<nameEnd, value: colon + 1..<textEnd, lines: start..<end)
  }

  /// The offset after the next LF.
  private static func lineEnd(_ content: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard let base = content.baseAddress, let found = memchr(base + start, 0x0A, content.count - start) else { return content.count }
    return base.distance(to: UnsafeRawPointer(found)) + 1
  }

  /// The end of a line without its LF or CR LF.
  private static func trimmed(_ content: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Int {
    var end = end
    if end > start, content[end - 1] == 0x0A { end -= 1 }
    if end > start, content[end - 1] == 0x0D { end -= 1 }
    return end
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
