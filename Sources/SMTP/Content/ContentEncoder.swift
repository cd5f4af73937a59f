// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Turns content as it is kept, lines that end in LF, into what DATA takes: CR LF, and a dot more where a line starts
/// with one (RFC 5321 §4.5.2); or into what BDAT takes, without that (RFC 3030 §2).
package struct ContentEncoder {
  private let form: ContentForm
  /// RFC 5321 §4.5.3.1.6: longer lines are broken; 0 for never.
  private let limit: Int
  /// Bytes of the line that is being written.
  private var column = 0
  /// A line was broken.
  package private(set) var hasBrokenLines = false

  package init(_ form: ContentForm = .lines, lineLimit: Int = 0) {
    self.form = form
    limit = lineLimit
  }

  package mutating func encode(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    // A line end in every 32 bytes is more than mail has.
    buffer.reserve(bytes.count &+ bytes.count / 32 &+ 16)
    var position = 0
    while position < bytes.count {
      let rest = bytes.slice(position, bytes.count)
      if column == 0, form == .lines, rest.first == 0x2e { buffer.append(0x2e) }
      let end = rest.offset(of: 0x0a)
      if let end, limit == 0 || column &+ end <= limit {
        buffer.appendLine(rest.slice(0, end))
        column = 0
        position &+= end &+ 1
        continue
      }
      append(rest.slice(0, end ?? rest.count), into: &buffer)
      guard let end else { return }
      buffer.append("\r\n")
      column = 0
      position &+= end &+ 1
    }
  }

  /// Ends the content: RFC 5321 §4.1.1.4.
  package mutating func finish(into buffer: inout ByteBuffer) {
    if column > 0 { buffer.append("\r\n") }
    if form == .lines { buffer.append(".\r\n") }
    column = 0
  }

  /// A line, or a part of one, without its end.
  private mutating func append(_ part: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    if limit == 0 || column &+ part.count <= limit {
      buffer.append(part)
      column &+= part.count
    } else {
      breakUp(part, into: &buffer)
    }
  }

  /// As Postfix: the rest goes on after a line end and a blank.
  private mutating func breakUp(_ part: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
    var position = 0
    while position < part.count {
      if column >= limit {
        buffer.append("\r\n ")
        column = 1
        hasBrokenLines = true
      }
      let count = min(max(1, limit &- column), part.count &- position)
      buffer.append(part.slice(position, position &+ count))
      column &+= count
      position &+= count
    }
  }
}
