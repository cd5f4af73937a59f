// SPDX-License-Identifier: Apache-2.0

/// Finds the next line in what has been received, and remembers how far it has looked, so that a line that
/// trickles in is not searched from its start again.
///
/// A line ends at LF. One CR or more before it are no part of the line (RFC 5321 §2.3.8 knows only CRLF; bare LF is
/// told apart so that policy can refuse it).
package struct LineFramer: Equatable, Sendable {
  /// A line longer than this is reported as `tooLong` as soon as that is certain.
  package let maximumLength: Int
  private var searched = 0
  private var isSkipping = false

  package init(maximumLength: Int) { self.maximumLength = maximumLength }

  package enum Frame: Equatable, Sendable {
    /// The first `length` bytes are a line, and it takes `consumed` bytes with its ending.
    case line(length: Int, consumed: Int, isBareNewline: Bool)
    /// A line without end yet; read more.
    case needMore
    /// The line is over the limit: drop `consumed` bytes. Reported once for a line, when its end has been seen.
    case tooLong(consumed: Int)
    /// More of a line that is over the limit: drop `consumed` bytes and read more.
    case skip(consumed: Int)
  }

  /// Looks at `bytes`, which start where the last frame ended. The caller then consumes what the frame says.
  package mutating func next(in bytes: UnsafeRawBufferPointer) -> Frame {
    guard let found = bytes.slice(searched, bytes.count).offset(of: 0x0a) else { return unfinished(bytes.count) }
    let end = searched &+ found
    searched = 0
    if isSkipping || end > maximumLength &+ 1 {
      isSkipping = false
      return .tooLong(consumed: end &+ 1)
    }
    var length = end
    while length > 0, bytes[length &- 1] == 0x0d { length &-= 1 }
    if length > maximumLength { return .tooLong(consumed: end &+ 1) }
    return .line(length: length, consumed: end &+ 1, isBareNewline: length == end)
  }

  private mutating func unfinished(_ count: Int) -> Frame {
    if isSkipping || count > maximumLength &+ 1 {
      isSkipping = true
      searched = 0
      return .skip(consumed: count)
    }
    searched = count
    return .needMore
  }
}
