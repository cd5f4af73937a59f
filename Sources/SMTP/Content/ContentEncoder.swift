// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Turns content as it is kept, lines that end in LF, into what DATA takes: CR LF, and a dot more where a line starts
/// with one (RFC 5321 §4.5.2).
package struct ContentEncoder {
  private var isAtLineStart = true

  package init() {}

  package mutating func encode(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    var position = 0
    while position < bytes.count {
      let rest = bytes.slice(position, bytes.count)
      if isAtLineStart, rest.first == 0x2e { buffer.append(0x2e) }
      guard let end = rest.offset(of: 0x0a) else {
        buffer.append(rest)
        isAtLineStart = false
        return
      }
      buffer.append(rest.slice(0, end))
      buffer.append("\r\n")
      isAtLineStart = true
      position &+= end &+ 1
    }
  }

  /// Ends the content: RFC 5321 §4.1.1.4.
  package mutating func finish(into buffer: inout ByteBuffer) {
    buffer.append(isAtLineStart ? ".\r\n" : "\r\n.\r\n")
    isAtLineStart = true
  }
}
