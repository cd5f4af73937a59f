// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the header of a message shows while its lines pass by: enough to add missing fields and to notice loops.
package struct HeaderScan: Equatable, Sendable {
  /// How many Delivered-To values are kept; a message with more has them counted as Received fields are.
  package static let maximumDeliveredTo = 100

  /// RFC 5322 §2.1.1: lines are no longer than 998; of a longer one only so much is looked at.
  static let maximumLineLength = 998

  package private(set) var hasDate = false
  package private(set) var hasMessageID = false
  package private(set) var hasFrom = false
  package private(set) var receivedCount = 0
  /// The values of Delivered-To fields, without blanks around them.
  package private(set) var deliveredTo: [String] = []
  /// Where the header ends in the LF-terminated content: the offset of the first byte that is no header field.
  package private(set) var length = 0
  /// Whether an empty line follows the header. Without one, added fields need one after them.
  package private(set) var hasSeparator = false
  /// Whether there is any header field.
  package var hasFields: Bool { length > 0 }

  /// Whether the header has ended.
  package private(set) var isComplete = false

  init() {}

  /// Takes one line of content, without its ending; `storedLength` is what it takes up in the content.
  mutating func lineReceived(_ line: UnsafeRawBufferPointer, storedLength: Int) {
    guard let first = line.first else { return end(separator: true) }
    if first == 0x20 || first == 0x09 {
      if length == 0 { return end(separator: false) }
    } else {
      guard let colon = line.offset(of: 0x3a), colon > 0 else { return end(separator: false) }
      guard fieldReceived(line, colon: colon) else { return end(separator: false) }
    }
    length &+= storedLength
  }

  /// Ends the header where it is: the content is complete.
  mutating func contentEnded() { isComplete = true }

  private mutating func end(separator: Bool) {
    isComplete = true
    hasSeparator = separator
  }

  /// RFC 5322 §2.2: a field name is printable ASCII without colon; §4.5 lets blanks follow it.
  private mutating func fieldReceived(_ line: UnsafeRawBufferPointer, colon: Int) -> Bool {
    var nameLength = colon
    while nameLength > 0, line[nameLength &- 1] == 0x20 || line[nameLength &- 1] == 0x09 { nameLength &-= 1 }
    let name = line.slice(0, nameLength)
    guard !name.isEmpty, name.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else { return false }
    note(name, value: line.slice(colon &+ 1, line.count))
    return true
  }

  private mutating func note(_ name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    switch name.count {
    case 4:
      if name.equalsIgnoringCase("DATE") { hasDate = true } else if name.equalsIgnoringCase("FROM") { hasFrom = true }
    case 8 where name.equalsIgnoringCase("RECEIVED"): receivedCount &+= 1
    case 10 where name.equalsIgnoringCase("MESSAGE-ID"): hasMessageID = true
    case 12 where name.equalsIgnoringCase("DELIVERED-TO"): noteDeliveredTo(value)
    default: break
    }
  }

  private mutating func noteDeliveredTo(_ value: UnsafeRawBufferPointer) {
    guard deliveredTo.count < HeaderScan.maximumDeliveredTo else { return }
    var cursor = ByteCursor(value)
    cursor.take(while: .blank)
    deliveredTo.append(String(decoding: cursor.take(until: .blank), as: UTF8.self))
  }
}
