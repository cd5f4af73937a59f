// SPDX-License-Identifier: Apache-2.0

/// A text that knows where it was written, byte by byte, even when it was put together from several lines or from other values.
package struct LocatedText: Sendable {
  /// A run of bytes from one place. In an exact run each byte has its own place; else all stand for the one place (`$name`).
  private struct Run: Sendable {
    let begin: Int
    let location: SourceLocation
    let isExact: Bool
  }

  package private(set) var bytes: [UInt8] = []
  private var runs: [Run] = []
  /// The place of an empty text, and of what comes after its last byte.
  private var origin: SourceLocation

  package init(at origin: SourceLocation) { self.origin = origin }

  package init(_ source: SourceText, _ range: Range<Int>) {
    origin = SourceLocation(source, offset: range.lowerBound)
    append(source, range)
  }

  /// A whole text that stands for itself, such as a default value.
  package init(name: String, text: String) {
    let source = SourceText(name: name, text: text)
    self.init(source, 0..<source.bytes.count)
  }

  package var count: Int { bytes.count }
  package var isEmpty: Bool { bytes.isEmpty }
  package var text: String { String(decoding: bytes, as: UTF8.self) }
  package var start: SourceLocation { location(at: 0) }
  package var end: SourceLocation { location(at: count) }

  package mutating func append(_ source: SourceText, _ range: Range<Int>) {
    append(source.bytes[range], at: SourceLocation(source, offset: range.lowerBound), isExact: true)
  }

  /// Appends bytes that all stand for the one place.
  package mutating func append(_ bytes: some Collection<UInt8>, standingFor location: SourceLocation) {
    append(bytes, at: location, isExact: false)
  }

  package mutating func append(_ other: LocatedText) {
    let base = count
    if runs.isEmpty { origin = other.origin }
    runs += other.runs.map { Run(begin: base + $0.begin, location: $0.location, isExact: $0.isExact) }
    bytes += other.bytes
  }

  private mutating func append(_ added: some Collection<UInt8>, at location: SourceLocation, isExact: Bool) {
    guard !added.isEmpty else { return }
    if runs.isEmpty { origin = location }
    runs.append(Run(begin: count, location: location, isExact: isExact))
    bytes += added
  }

  /// Where the byte at `offset` was written; at or beyond the end, the place after the last byte.
  package func location(at offset: Int) -> SourceLocation {
    let index = runIndex(at: offset)
    guard runs.indices.contains(index) else { return origin }
    let run = runs[index]
    return run.isExact ? run.location.advanced(by: min(max(offset, 0), count) - run.begin) : run.location
  }

  private func runIndex(at offset: Int) -> Int {
    var low = 0
    var high = runs.count
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if runs[middle].begin <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// `range` is clamped to the text.
  package subscript(range: Range<Int>) -> LocatedText {
    let range = range.clamped(to: 0..<count)
    var part = LocatedText(at: location(at: range.lowerBound))
    guard !range.isEmpty else { return part }
    var index = runIndex(at: range.lowerBound)
    while index < runs.count, runs[index].begin < range.upperBound {
      let end = index + 1 < runs.count ? runs[index + 1].begin : count
      let piece = (runs[index].begin..<end).clamped(to: range)
      part.append(bytes[piece], at: location(at: piece.lowerBound), isExact: runs[index].isExact)
      index += 1
    }
    return part
  }

  package subscript(range: PartialRangeFrom<Int>) -> LocatedText { self[min(range.lowerBound, count)..<count] }
  package subscript(range: PartialRangeUpTo<Int>) -> LocatedText { self[0..<max(0, range.upperBound)] }

  /// Without blanks (space, tab, line ends) at both ends.
  package var trimmed: LocatedText {
    guard let first = bytes.firstIndex(where: { !$0.isBlank }), let last = bytes.lastIndex(where: { !$0.isBlank }) else { return self[count..<count] }
    return self[first..<(last + 1)]
  }
}

extension UInt8 {
  /// Space, tab, and the characters that end lines.
  package var isBlank: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
}
