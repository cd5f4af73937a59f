// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 5321 §4.2: a three-digit code, an enhanced status where there is one, and one or more lines of text.
package struct Reply: Hashable, Sendable {
  package let code: UInt16
  package let status: EnhancedStatus?
  /// The text without codes. LF parts the lines.
  package let text: String

  package init(_ code: UInt16, _ status: EnhancedStatus? = nil, _ text: String) {
    self.code = code
    self.status = status
    self.text = text
  }

  package var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// RFC 5321 §4.2.1: 4yz may be tried again, 5yz may not.
  package var isNegative: Bool { code >= 400 }
  package var isTransient: Bool { code >= 400 && code < 500 }

  /// What a log line quotes: code, status and text on one line.
  package var summary: String {
    let text = lines.joined(separator: " ")
    guard let status else { return "\(code) \(text)" }
    return "\(code) \(status) \(text)"
  }
}

extension Reply {
  /// RFC 5321 §4.2: `Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF`
  ///
  /// Control characters, which only a client's own words can bring in, become `?`.
  package func write(to buffer: inout ByteBuffer) {
    var prefix = "\(code)-"
    if let status { prefix += "\(status) " }
    var text = text
    text.withUTF8 { Reply.writeLines(UnsafeRawBufferPointer($0), prefix: prefix, to: &buffer) }
  }

  private static func writeLines(_ text: UnsafeRawBufferPointer, prefix: String, to buffer: inout ByteBuffer) {
    var start = 0
    while let length = text.slice(start, text.count).offset(of: 0x0a) {
      writeLine(text.slice(start, start &+ length), prefix: prefix, isLast: false, to: &buffer)
      start &+= length &+ 1
    }
    writeLine(text.slice(start, text.count), prefix: prefix, isLast: true, to: &buffer)
  }

  private static func writeLine(
    _ line: UnsafeRawBufferPointer, prefix: String, isLast: Bool, to buffer: inout ByteBuffer
  ) {
    _ = buffer.withWritable(minimum: prefix.utf8.count &+ line.count &+ 2) { space in
      var end = 0
      for byte in prefix.utf8 {
        space[end] = end == 3 && isLast ? 0x20 : byte
        end &+= 1
      }
      for byte in line {
        space[end] = byte < 0x20 || byte == 0x7f ? 0x3f : byte
        end &+= 1
      }
      space[end] = 0x0d
      space[end &+ 1] = 0x0a
      return end &+ 2
    }
  }
}
