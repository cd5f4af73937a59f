// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Postfix's policy protocol: lines of `name=value`, and an empty line at the end of a request or an answer.
enum PolicyText {
  /// An answer longer than this is none.
  static let maximumAnswer = 64 * 1024

  static func request(_ attributes: [(name: String, value: String)]) -> [UInt8] {
    var text: [UInt8] = []
    for (name, value) in attributes {
      text += name.utf8
      text.append(UInt8(ascii: "="))
      text += value.utf8.lazy.map(harmless)
      text.append(newline)
    }
    text.append(newline)
    return text
  }

  /// A value must not end its line: what a client sends could else add attributes of its own.
  private static func harmless(_ byte: UInt8) -> UInt8 { byte == newline || byte == 0x0d || byte == 0 ? UInt8(ascii: "?") : byte }

  enum Answer: Equatable {
    case needMore
    /// The value of `action`, nil where there is none, and the length of the whole answer.
    case complete(action: String?, length: Int)
    case tooLong
  }

  static func parseAnswer(_ bytes: UnsafeRawBufferPointer) -> Answer {
    var position = 0
    var action: String?
    while let end = bytes.slice(position, bytes.count).offset(of: newline) {
      let line = bytes.slice(position, position + end)
      position += end + 1
      if line.isEmpty { return .complete(action: action, length: position) }
      action = action ?? value(of: "action", line)
    }
    return bytes.count > maximumAnswer ? .tooLong : .needMore
  }

  private static func value(of name: String, _ line: UnsafeRawBufferPointer) -> String? {
    guard let equals = line.offset(of: UInt8(ascii: "=")), line.slice(0, equals).elementsEqual(name.utf8) else { return nil }
    return String(decoding: line.slice(equals + 1, line.count), as: UTF8.self)
  }

  private static let newline: UInt8 = 0x0a
}
