// SPDX-License-Identifier: Apache-2.0

// Diagnostics: texts that people wrote, the places in them, and what is wrong there.
//
// Settings and Tables read `SourceText`s, carry values as `LocatedText` (which knows where each of its bytes was written) and answer
// with `Diagnostic`s. Files come through `FileSource`, so nothing here opens one.

/// One text that people wrote: a file, or what stands in for one.
package final class SourceText: Sendable {
  /// The path as it was named.
  package let name: String
  package let bytes: [UInt8]
  private let lineStarts: [Int]
  /// The number, counted from 0, of the first line: more than 0 in an excerpt.
  private let firstLine: Int

  /// With `firstLine` the bytes are an excerpt from a longer text, and start with that line of it (counted from 0).
  package init(name: String, bytes: [UInt8], firstLine: Int = 0) {
    self.name = name
    self.firstLine = firstLine
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset &+ 1) }
    lineStarts = starts
  }

  package convenience init(name: String, text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }

  /// The number of lines from the beginning of the whole text on.
  package var lineCount: Int { firstLine + lineStarts.count }

  /// The bytes of a line (counted from 0) without its line ending; empty beyond the end.
  package func lineRange(_ index: Int) -> Range<Int> {
    let index = index - firstLine
    guard lineStarts.indices.contains(index) else { return bytes.count..<bytes.count }
    let start = lineStarts[index]
    var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return start..<end
  }

  package func line(_ index: Int) -> ArraySlice<UInt8> { bytes[lineRange(index)] }

  /// The line (counted from 0) that holds the byte at `offset`.
  package func lineIndex(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return firstLine + low
  }
}

/// A place in a text.
package struct SourceLocation: Sendable {
  package let source: SourceText
  package let offset: Int

  package init(_ source: SourceText, offset: Int) {
    self.source = source
    self.offset = max(0, offset)
  }

  /// Counted from 1.
  package var line: Int { source.lineIndex(at: offset) + 1 }

  /// Counted from 1, in characters (code points; a byte that is no UTF-8 counts as one).
  package var column: Int {
    let range = source.lineRange(line - 1)
    let end = min(max(offset, range.lowerBound), range.upperBound)
    return String(decoding: source.bytes[range.lowerBound..<end], as: UTF8.self).unicodeScalars.count + 1
  }

  package func advanced(by count: Int) -> SourceLocation { SourceLocation(source, offset: offset + count) }
}

extension SourceLocation: CustomStringConvertible {
  package var description: String { "\(source.name):\(line):\(column)" }
}
