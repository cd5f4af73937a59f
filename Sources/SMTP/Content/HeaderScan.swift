// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the header of a message shows while its lines pass by: enough to notice loops, and where the header ends.
package struct HeaderScan: Equatable, Sendable {
  /// How many Delivered-To values are kept; a message that went through more mailboxes is caught by its Received fields.
  package static let maximumDeliveredTo = 100
  /// RFC 5322 §2.1.1: lines are no longer than 998; of a longer one only so much is looked at.
  static let maximumLineLength = 998

  package private(set) var receivedCount = 0
  /// The values of Delivered-To fields, without blanks around them.
  package private(set) var deliveredTo: [String] = []
  /// Whether the header has ended: at an empty line, a line that is no field, or the end of the content.
  package private(set) var isComplete = false
  private var hasFields = false

  init() {}

  /// Takes one line of content, without its ending.
  mutating func lineReceived(_ line: UnsafeRawBufferPointer) {
    guard let first = line.first, first == 0x20 || first == 0x09 ? hasFields : fieldReceived(line) else { return contentEnded() }
    hasFields = true
  }

  /// Ends the header where it is.
  mutating func contentEnded() { isComplete = true }

  /// RFC 5322 §2.2: a field name is printable ASCII without colon; §4.5 lets blanks follow it.
  private mutating func fieldReceived(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let colon = line.offset(of: 0x3a) else { return false }
    var nameLength = colon
    while nameLength > 0, line[nameLength &- 1] == 0x20 || line[nameLength &- 1] == 0x09 { nameLength &-= 1 }
    let name = line.slice(0, nameLength)
    guard !name.isEmpty, name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
    switch nameLength {
    case 8 where name.equalsIgnoringCase("RECEIVED"): receivedCount &+= 1
    case 12 where name.equalsIgnoringCase("DELIVERED-TO"): noteDeliveredTo(line.slice(colon &+ 1, line.count))
    default: break
    }
    return true
  }

  private mutating func noteDeliveredTo(_ value: UnsafeRawBufferPointer) {
    guard deliveredTo.count < HeaderScan.maximumDeliveredTo else { return }
    var cursor = ByteCursor(value)
    cursor.take(while: .blank)
    deliveredTo.append(String(decoding: cursor.take(until: .blank), as: UTF8.self))
  }
}
