// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Puts replies together from their lines. RFC 5321 §4.2: `Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF`
package struct ReplyParser {
  /// A server that goes on and on is cut off at so many bytes of text; the lines that follow are counted, not kept.
  package static let maximumText = 64 * 1024

  package struct Fault: Error, Equatable {}

  private var code: UInt16?
  private var status: EnhancedStatus?
  private var text = ""

  package init() {}

  /// Takes a line without its ending; answers with the reply when that was its last line.
  package mutating func lineReceived(_ line: UnsafeRawBufferPointer) throws(Fault) -> Reply? {
    guard let number = line.slice(0, 3).decimal(maximumDigits: 3), number >= 200, number < 600, line.count >= 3 else { throw Fault() }
    let separator = line.count > 3 ? line[3] : 0x20
    guard separator == 0x20 || separator == 0x2d, code == nil || code == UInt16(number) else { throw Fault() }
    append(line.slice(4, line.count), isFirst: code == nil, class: UInt8(number / 100))
    code = UInt16(number)
    if separator == 0x2d { return nil }
    defer { self = ReplyParser() }
    return Reply(UInt16(number), status, text)
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer, isFirst: Bool, class: UInt8) {
    if text.utf8.count > ReplyParser.maximumText { return }
    var cursor = ByteCursor(bytes)
    let found = EnhancedStatus(&cursor, class: `class`)
    if isFirst { status = found } else { text += "\n" }
    text += String(decoding: found == nil ? bytes : cursor.rest, as: UTF8.self)
  }
}

extension EnhancedStatus {
  /// RFC 2034 §4: the status at the start of a reply's text, and the blank after it. Nil if there is none of this class.
  fileprivate init?(_ cursor: inout ByteCursor, class: UInt8) {
    guard let first = cursor.take(while: .digit).decimal(maximumDigits: 1), first == Int(`class`), cursor.take(0x2e),
      let subject = cursor.take(while: .digit).decimal(maximumDigits: 3), cursor.take(0x2e),
      let detail = cursor.take(while: .digit).decimal(maximumDigits: 3), cursor.take(0x20) || cursor.isAtEnd
    else { return nil }
    self.init(`class`, UInt16(subject), UInt16(detail))
  }
}
