// SPDX-License-Identifier: Apache-2.0

/// What the spool keeps of a message beside its content.
package struct Envelope: Equatable, Sendable {
  /// The reverse-path without brackets; empty for the null reverse-path.
  package var sender: String
  /// Microseconds since 1970.
  package var arrival: Int64
  /// The name that ends the Maildir file names of this message, fixed at arrival.
  package var host: String
  package var recipients: [Recipient]
  package var body: BodyType
  package var smtpUTF8: Bool
  /// RFC 3461 §4.4: the ENVID as it was given, decoded.
  package var envelopeID: String?
  /// RFC 3461 §4.3.
  package var returnContent: ReturnContent?
  /// `transport:nexthop` to which the message goes for all its recipients, whatever their addresses say: content_filter and FILTER. Empty: none.
  package var contentFilter = ""
  /// From whom it came, where a next server (`smtp_send_xforward_command`) or programs are told; nil for mail of Weir's own.
  package var client: MailClient?
  /// Nobody gets it: its sender is told who would (`sendmail -bv`).
  package var isProbe = false

  package init(
    sender: String, arrival: Int64, host: String, recipients: [Recipient], body: BodyType = .sevenBit,
    smtpUTF8: Bool = false, envelopeID: String? = nil, returnContent: ReturnContent? = nil
  ) {
    self.sender = sender
    self.arrival = arrival
    self.host = host
    self.recipients = recipients
    self.body = body
    self.smtpUTF8 = smtpUTF8
    self.envelopeID = envelopeID
    self.returnContent = returnContent
  }

  package enum BodyType: UInt8, Sendable { case sevenBit, eightBitMIME }
  package enum ReturnContent: UInt8, Sendable { case full, headers }
}

/// One recipient of a message.
package struct Recipient: Equatable, Sendable {
  /// The address to deliver to.
  package var address: String
  /// The address as the client gave it (X-Original-To, orig_to=).
  package var original: String
  package var route: Route
  /// RFC 3461 §4.1; empty means the default.
  package var notify: Notify
  /// RFC 3461 §4.2: as given, decoded.
  package var originalRecipient: String?
  /// It is what an alias stood for: aliases are not looked at again.
  package var isExpanded = false
  /// It is an alias of which more comes than a mailbox: commands, files, a list with an owner. Its delivery sees to it.
  package var isAlias = false
  /// Its mailbox, and nothing else: neither aliases nor a .forward file are looked at, nor whether it has been there before.
  package var isFinal = false

  package init(address: String, original: String, route: Route, notify: Notify = [], originalRecipient: String? = nil) {
    self.address = address
    self.original = original
    self.route = route
    self.notify = notify
    self.originalRecipient = originalRecipient
  }

  /// NEVER with SUCCESS, which nobody can ask for (RFC 3461 §4.1): it stands for an address that became others. Nothing is delivered to it; the
  /// sender, who wants to know what arrives, is told that it was expanded, and hears of none of the others (RFC 3461 §5.2.7.3).
  package static let expansionNotice: Notify = [.never, .success]

  package var isExpansionNotice: Bool { notify == Self.expansionNotice }

  package struct Notify: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let never = Notify(rawValue: 1)
    package static let success = Notify(rawValue: 2)
    package static let failure = Notify(rawValue: 4)
    package static let delay = Notify(rawValue: 8)
  }

  /// The class of the address, decided when it was accepted; the mailbox itself is looked up at delivery.
  package enum Route: UInt8, Sendable { case local, virtual, remote }
}

extension Recipient {
  /// What makes two recipients one: case does not. As in Postfix, those who are asked for under two addresses get two copies.
  package struct Identity: Hashable {
    private let address: String
    private let original: String
    private let notify: UInt8
    private let originalRecipient: String?

    fileprivate init(_ recipient: Recipient) {
      address = recipient.address.lowercased()
      original = recipient.original.lowercased()
      notify = recipient.notify.rawValue
      originalRecipient = recipient.originalRecipient?.lowercased()
    }
  }

  package var identity: Identity { Identity(self) }
}

extension [Recipient] {
  /// Each once, the first of those that are one.
  package var unique: [Recipient] {
    if count < 2 { return self }
    var seen: Set<Recipient.Identity> = []
    return filter { seen.insert($0.identity).inserted }
  }
}
