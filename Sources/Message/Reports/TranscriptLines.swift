// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What was said in a session, as far as a notice may need it. Of a long one the end is kept.
package struct TranscriptLines: Sendable {
  /// Postfix's smtpd_hist_thrsh: a session that goes on is told of in pieces.
  package static let longest = 100
  private static let maximumLine = 2048
  private static let maximumSize = 64 << 10

  package enum Side: Sendable {
    case received, sent

    fileprivate var mark: StaticString { self == .received ? "In:  " : "Out: " }
  }

  /// Lines that end in LF.
  private var lines: [UInt8] = []
  private var count = 0

  package init() {}

  package var isLong: Bool { count > Self.longest }

  /// The lines so far.
  package var all: [[UInt8]] { lines.split(separator: 0x0a).map(Array.init) }

  /// What follows the mechanism of AUTH may be a password: it is told to nobody.
  package mutating func append(command line: UnsafeRawBufferPointer, _ side: Side) {
    guard line.slice(0, 5).equalsIgnoringCase("AUTH "), let secret = line.slice(5, line.count).offset(of: 0x20) else {
      return append(line, side)
    }
    append(line.slice(0, 5 + secret), side, hidden: " *")
  }

  package mutating func append(_ line: UnsafeRawBufferPointer, _ side: Side, hidden: StaticString = "") {
    if lines.count >= Self.maximumSize, let middle = lines[(lines.count / 2)...].firstIndex(of: 0x0A) { lines.removeSubrange(...middle) }
    let line = line.slice(0, Self.maximumLine)
    lines.append(contentsOf: UnsafeRawBufferPointer(start: side.mark.utf8Start, count: side.mark.utf8CodeUnitCount))
    lines.append(contentsOf: line.last == 0x0d ? line.slice(0, line.count - 1) : line)
    lines.append(contentsOf: UnsafeRawBufferPointer(start: hidden.utf8Start, count: hidden.utf8CodeUnitCount))
    lines.append(0x0a)
    count += 1
  }

  /// Each line of a text, in the order in which they come.
  package static func forEach(in text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while start < text.count {
      let line = text.slice(start, start + (text.slice(start, text.count).offset(of: 0x0a) ?? text.count))
      body(line)
      start += line.count + 1
    }
  }

  package mutating func beginAnew() {
    lines.removeAll(keepingCapacity: count > Self.longest)
    count = 0
  }
}
