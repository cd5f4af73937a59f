// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Trace

/// By what somebody asks about messages.
enum TraceQuery: Equatable {
  case everything
  case queueID(QueueID)
  /// As it stands at the end of a refusal.
  case code(String)
  case client(IPAddress)
  /// A sender or a recipient, or a Message-ID: they look alike.
  case address(String)

  /// Nil if it is nothing of that.
  init?(_ text: String) {
    if let code = Self.code(in: text) {
      self = .code(code)
    } else if let id = QueueID(text) {
      self = .queueID(id)
    } else if let address = IPAddress(text) {
      self = .client(address)
    } else if text.contains("@"), !text.contains(" ") {
      self = .address(Self.withoutBrackets(text))
    } else {
      return nil
    }
  }

  /// `7f3a2c`, `weir:7f3a2c`, or a whole reply with it.
  private static func code(in text: String) -> String? {
    let mark = "weir:"
    var rest = text.lowercased()[...]
    while !rest.isEmpty, !rest.hasPrefix(mark) { rest = rest.dropFirst() }
    let digits = rest.isEmpty ? text.lowercased()[...] : rest.dropFirst(mark.count).prefix(6)
    return digits.utf8.count == 6 && digits.utf8.allSatisfy(isHexadecimal) ? String(digits) : nil
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }

  private static func withoutBrackets(_ text: String) -> String {
    text.hasPrefix("<") && text.hasSuffix(">") ? String(text.dropFirst().dropLast()) : text
  }

  /// Nil: every row may have it.
  var words: Set<TraceWord>? {
    switch self {
    case .everything: nil
    case .queueID(let id): [.queueID(id)]
    case .code(let code): [.code(code.utf8)]
    case .client(let address): [.client(address.description.utf8)]
    case .address(let text): [.address(text.utf8), .messageID(text.utf8)]
    }
  }

  func matches(_ event: TraceEvent) -> Bool {
    switch self {
    case .everything: true
    case .queueID(let id): event.queueID == id
    case .code(let code): event[.code] == code
    case .client(let address): event[.clientAddress] == address.description
    case .address(let text): matches(event, text.lowercased()) || Self.withoutBrackets(event[.messageID]) == text
    }
  }

  private func matches(_ event: TraceEvent, _ address: String) -> Bool {
    if event.kind == .arrived, event[.recipient].split(separator: " ").contains(where: { $0.lowercased() == address }) { return true }
    return [.sender, .recipient, .originalRecipient].contains { event[$0].lowercased() == address }
  }
}
