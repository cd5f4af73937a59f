// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Hands out the physical lines of a text, one after the other, without their line endings.
struct LineReader {
  let source: SourceText
  private var index = 0

  init(_ source: SourceText) { self.source = source }

  mutating func next() -> LocatedText? {
    guard let line = peek() else { return nil }
    index += 1
    return line
  }

  func peek() -> LocatedText? {
    guard index < source.lineCount else { return nil }
    let range = source.lineRange(index)
    // RFC 3629 §6: a byte order mark at the start of a text is no part of it.
    if index == 0, source.bytes.starts(with: [0xef, 0xbb, 0xbf]) { return LocatedText(source, (range.lowerBound + 3)..<range.upperBound) }
    return LocatedText(source, range)
  }
}

extension LocatedText {
  /// Nothing but blanks, or a comment on a line of its own.
  var isBlankOrComment: Bool {
    guard let first = bytes.first(where: { !$0.isBlank }) else { return true }
    return first == UInt8(ascii: "#")
  }

  var startsWithBlank: Bool { bytes.first?.isBlank ?? false }

  func firstIndex(of character: Unicode.Scalar) -> Int? { bytes.firstIndex(of: UInt8(ascii: character)) }
}
