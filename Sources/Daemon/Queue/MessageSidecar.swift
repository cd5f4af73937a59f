// SPDX-License-Identifier: Apache-2.0
import Queue

/// A message on its way out of a queue or into one: its envelope as a text beside its content.
struct PortableMessage: Equatable, Sendable {
  struct Recipient: Equatable, Sendable {
    var address: String
    var original: String
    var notify: UInt8 = 0
    var originalRecipient: String?
  }

  var sender = ""
  /// Microseconds since 1970.
  var arrival: Int64 = 0
  var hasEightBit = false
  var isUTF8 = false
  var envelopeID: String?
  var returnContent: Envelope.ReturnContent?
  var contentFilter = ""
  /// Those who are still to get it.
  var recipients: [Recipient] = []
}

extension PortableMessage {
  static let title = "weir-envelope 1"
  static let maximumLength = 8 << 20

  init(_ envelope: Envelope, pending: [Bool]) {
    self.init(
      sender: envelope.sender, arrival: envelope.arrival, hasEightBit: envelope.body == .eightBitMIME, isUTF8: envelope.smtpUTF8,
      envelopeID: envelope.envelopeID, returnContent: envelope.returnContent, contentFilter: envelope.contentFilter,
      recipients: zip(envelope.recipients, pending).filter(\.1).map { recipient, _ in
        Recipient(
          address: recipient.address, original: recipient.original, notify: recipient.notify.rawValue, originalRecipient: recipient.originalRecipient)
      })
  }

  /// One line for each fact, its parts with tabs between.
  var text: String {
    var text = Self.title + "\n" + Self.line(["sender", sender]) + Self.line(["arrival", "\(arrival)"])
    if hasEightBit { text += Self.line(["body", "8BITMIME"]) }
    if isUTF8 { text += Self.line(["smtputf8", "yes"]) }
    if let envelopeID { text += Self.line(["envid", envelopeID]) }
    if let returnContent { text += Self.line(["ret", returnContent == .full ? "FULL" : "HDRS"]) }
    if !contentFilter.isEmpty { text += Self.line(["filter", contentFilter]) }
    for recipient in recipients {
      text += Self.line(
        ["recipient", recipient.address, recipient.original, "\(recipient.notify)"] + [recipient.originalRecipient].compactMap(\.self))
    }
    return text
  }

  private static func line(_ fields: [String]) -> String { fields.map(TabbedText.escaped).joined(separator: "\t") + "\n" }

  /// Nil when that is no such text.
  init?(_ text: String) {
    self.init()
    var lines = text.split(separator: "\n")[...]
    guard lines.popFirst().map(String.init) == Self.title else { return nil }
    for line in lines {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(TabbedText.unescaped)
      guard let name = fields.first, let value = fields.dropFirst().first, take(name, value, fields) else { return nil }
    }
    if recipients.isEmpty { return nil }
  }

  private mutating func take(_ name: String, _ value: String, _ fields: [String]) -> Bool {
    switch name {
    case "sender": sender = value
    case "arrival":
      guard let time = Int64(value), time >= 0 else { return false }
      arrival = time
    case "body": hasEightBit = value == "8BITMIME"
    case "smtputf8": isUTF8 = value == "yes"
    case "envid": envelopeID = value
    case "ret": returnContent = value == "FULL" ? .full : .headers
    case "filter": contentFilter = value
    case "recipient":
      guard fields.count >= 4, let notify = UInt8(fields[3]), !value.isEmpty else { return false }
      recipients.append(Recipient(address: value, original: fields[2], notify: notify & 15, originalRecipient: fields.count > 4 ? fields[4] : nil))
    default: return false
    }
    return true
  }
}
