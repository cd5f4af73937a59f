// SPDX-License-Identifier: Apache-2.0

/// The names of fields that Weir itself looks for.
package enum FieldName: Int, CaseIterable, Sendable {
  case bcc, contentLength, date, deliveredTo, from, messageID, received, resentBcc, resentCc, resentDate, resentFrom, resentMessageID
  case resentReplyTo, resentSender, resentTo, returnPath

  /// Reads a name in any case; nil for all other names.
  package init?(_ name: Slice<UnsafeRawBufferPointer>) {
    guard let found = FieldName.allCases.first(where: { $0.matches(name) }) else { return nil }
    self = found
  }

  private var lowercased: StaticString {
    switch self {
    case .bcc: "bcc"
    case .contentLength: "content-length"
    case .date: "date"
    case .deliveredTo: "delivered-to"
    case .from: "from"
    case .messageID: "message-id"
    case .received: "received"
    case .resentBcc: "resent-bcc"
    case .resentCc: "resent-cc"
    case .resentDate: "resent-date"
    case .resentFrom: "resent-from"
    case .resentMessageID: "resent-message-id"
    case .resentReplyTo: "resent-reply-to"
    case .resentSender: "resent-sender"
    case .resentTo: "resent-to"
    case .returnPath: "return-path"
    }
  }

  var isResent: Bool { (FieldName.resentBcc.rawValue...FieldName.resentTo.rawValue).contains(rawValue) }

  package func matches(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    let own = lowercased
    guard name.count == own.utf8CodeUnitCount else { return false }
    let expected = UnsafeBufferPointer(start: own.utf8Start, count: own.utf8CodeUnitCount)
    return zip(name, expected).allSatisfy { lowercase($0) == $1 }
  }
}

@inline(__always) func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
