// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Puts replies together from their lines. RFC 5321 §4.2: `Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF`
package struct ReplyParser {
  /// A server that goes on and on is cut off at so many bytes of text; the lines that follow are counted, not kept.
  package static let maximumText = 64 * 1024

  package struct Fault: Error, Equatable {}

  private var code: UInt16?
  private var status: EnhancedStatus?
  private var words = ""

  package init() {}

  /// Takes a line without its ending; answers with the reply when that was its last line.
  package mutating func lineReceived(_ line: UnsafeRawBufferPointer) throws(Fault) -> ServerReply? {
    guard let number = line.slice(0, 3).decimal(maximumDigits: 3), number >= 200, number < 600, line.count >= 3 else { throw Fault() }
    let separator = line.count > 3 ? line[3] : 0x20
    guard separator == 0x20 || separator == 0x2d, code == nil || code == UInt16(number) else { throw Fault() }
    append(line, class: UInt8(number / 100))
    code = UInt16(number)
    if separator == 0x2d { return nil }
    defer { self = ReplyParser() }
    return ServerReply(UInt16(number), status, words: words)
  }

  private mutating func append(_ line: UnsafeRawBufferPointer, class: UInt8) {
    if words.utf8.count > ReplyParser.maximumText { return }
    let text = String(decoding: line, as: UTF8.self)
    if code == nil {
      var cursor = ByteCursor(line.slice(4, line.count))
      status = EnhancedStatus(&cursor, class: `class`)
      words = text
    } else {
      words += "\n"
      words += text
    }
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
