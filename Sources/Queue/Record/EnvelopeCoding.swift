// SPDX-License-Identifier: Apache-2.0

extension RecordWriter {
  mutating func put(_ envelope: Envelope) {
    put(envelope.sender)
    put(envelope.arrival)
    put(envelope.host)
    put(envelope.body.rawValue)
    put(UInt8(envelope.smtpUTF8 ? 1 : 0))
    put(envelope.returnContent.map { $0.rawValue + 1 } ?? 0)
    put(envelope.envelopeID)
    put(UInt32(truncatingIfNeeded: envelope.recipients.count))
    for recipient in envelope.recipients { put(recipient) }
  }

  private mutating func put(_ recipient: Recipient) {
    put(recipient.address)
    // Nearly always the same: written once.
    put(recipient.original == recipient.address ? nil : recipient.original)
    put(recipient.route.rawValue)
    put(
      recipient.notify.rawValue & ~Recipient.bits | (recipient.isExpanded ? Recipient.expandedBit : 0) | (recipient.isAlias ? Recipient.aliasBit : 0)
        | (recipient.isFinal ? Recipient.finalBit : 0))
    put(recipient.originalRecipient)
  }
}

extension ByteCursor {
  mutating func envelope() -> Envelope? {
    guard let sender = string(), let arrival = integer(Int64.self), let host = string(),
      let body = integer(UInt8.self).flatMap(Envelope.BodyType.init(rawValue:)), let utf8 = integer(UInt8.self),
      let returning = integer(UInt8.self), let envelopeID = optionalString(), let recipients = recipients()
    else { return nil }
    return Envelope(
      sender: sender, arrival: arrival, host: host, recipients: recipients, body: body, smtpUTF8: utf8 != 0, envelopeID: envelopeID,
      returnContent: returning == 0 ? nil : Envelope.ReturnContent(rawValue: returning - 1))
  }

  /// The classes of the recipients, without reading a string.
  mutating func routes() -> Recipient.Routes? {
    guard skipString(), skip(8), skipString(), skip(3), skipOptionalString(), let count = integer(UInt32.self), count <= left else { return nil }
    var routes: Recipient.Routes = []
    for _ in 0..<count {
      guard skipString(), skipOptionalString(), let route = integer(UInt8.self).flatMap(Recipient.Route.init(rawValue:)),
        let notify = integer(UInt8.self), skipOptionalString()
      else { return nil }
      routes.formUnion(Recipient.Routes(route, isAlias: notify & Recipient.aliasBit != 0))
    }
    return routes
  }

  private mutating func recipients() -> [Recipient]? {
    guard let count = integer(UInt32.self), count <= left else { return nil }
    var recipients: [Recipient] = []
    for _ in 0..<count {
      guard let recipient = recipient() else { return nil }
      recipients.append(recipient)
    }
    return recipients
  }

  private mutating func recipient() -> Recipient? {
    guard let address = string(), let original = optionalString(),
      let route = integer(UInt8.self).flatMap(Recipient.Route.init(rawValue:)), let notify = integer(UInt8.self),
      let originalRecipient = optionalString()
    else { return nil }
    var recipient = Recipient(
      address: address, original: original ?? address, route: route, notify: Recipient.Notify(rawValue: notify & ~Recipient.bits),
      originalRecipient: originalRecipient)
    recipient.isExpanded = notify & Recipient.expandedBit != 0
    recipient.isAlias = notify & Recipient.aliasBit != 0
    recipient.isFinal = notify & Recipient.finalBit != 0
    return recipient
  }
}

extension Recipient {
  // Beside the wishes for reports, in one byte.
  fileprivate static let expandedBit: UInt8 = 0x80
  fileprivate static let aliasBit: UInt8 = 0x40
  fileprivate static let finalBit: UInt8 = 0x20
  fileprivate static let bits = expandedBit | aliasBit | finalBit
}

extension Envelope {
  /// As one process of Weir hands it to another.
  package var encoded: [UInt8] {
    var writer = RecordWriter()
    writer.put(self)
    if let client { writer.put(client) }
    return writer.bytes
  }

  /// Nil for bytes that `encoded` has not made.
  package init?(encoded bytes: [UInt8]) {
    let found = bytes.withUnsafeBytes { bytes -> Envelope? in
      var cursor = ByteCursor(bytes)
      var envelope = cursor.envelope()
      if cursor.left > 0 {
        guard let client = cursor.client() else { return nil }
        envelope?.client = client
      }
      return envelope
    }
    guard let found else { return nil }
    self = found
  }
}
