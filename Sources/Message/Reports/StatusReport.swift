// SPDX-License-Identifier: Apache-2.0

/// A report on a message, to its sender or to the postmaster: RFC 3461 §6, RFC 3464, RFC 6533. What it says; `ReportWriter` writes it.
package struct StatusReport: Equatable, Sendable {
  package enum Kind: Equatable, Sendable, CaseIterable {
    case failure, delay, success
    /// What would become of mail, of which none was sent.
    case verification
  }

  package var kind: Kind
  /// Goes to the postmaster: the same without the words of introduction.
  package var isForPostmaster: Bool
  /// Its own queue id, and when it is made, in microseconds since 1970.
  package var id: String
  package var time: Int64
  package var addressee: String
  package var message: ReportedMessage
  package var recipients: [ReportedRecipient]
  /// The message that it is about; nil if it cannot be read any more.
  package var returned: ReturnedContent?

  package init(
    kind: Kind, isForPostmaster: Bool, id: String, time: Int64, addressee: String, message: ReportedMessage, recipients: [ReportedRecipient],
    returned: ReturnedContent?
  ) {
    self.kind = kind
    self.isForPostmaster = isForPostmaster
    self.id = id
    self.time = time
    self.addressee = addressee
    self.message = message
    self.recipients = recipients
    self.returned = returned
  }
}

/// The message that a report is about.
package struct ReportedMessage: Equatable, Sendable {
  package var queueID: String
  /// Empty for the null path.
  package var sender: String
  /// Microseconds since 1970.
  package var arrival: Int64
  /// RFC 3461 §4.4, decoded.
  package var envelopeID: String?
  /// It came with SMTPUTF8, so that the report may be UTF-8, too.
  package var smtpUTF8: Bool
  /// In a warning: when it is given up. Microseconds since 1970.
  package var retryUntil: Int64?

  package init(queueID: String, sender: String, arrival: Int64, envelopeID: String? = nil, smtpUTF8: Bool = false, retryUntil: Int64? = nil) {
    self.queueID = queueID
    self.sender = sender
    self.arrival = arrival
    self.envelopeID = envelopeID
    self.smtpUTF8 = smtpUTF8
    self.retryUntil = retryUntil
  }
}

/// What became of one recipient.
package struct ReportedRecipient: Equatable, Sendable {
  /// RFC 3464 §2.3.3; of a verification, Postfix's words.
  package enum Action: String, Sendable { case failed, delayed, delivered, relayed, expanded, deliverable, undeliverable }

  package var address: String
  /// The address that it was before aliases; the same where there were none.
  package var original: String
  /// RFC 3461 §4.2, decoded: `rfc822;user@example.com`.
  package var originalRecipient: String?
  package var action: Action
  /// RFC 3463.
  package var status: String
  package var reason: String
  /// RFC 3464 §2.3.5 and §2.3.6; without them the reason is the diagnostic.
  package var remote: Remote?

  package struct Remote: Equatable, Sendable {
    package var nameType: String
    package var name: String
    package var diagnosticType: String
    package var diagnostic: String

    package init(nameType: String, name: String, diagnosticType: String, diagnostic: String) {
      self.nameType = nameType
      self.name = name
      self.diagnosticType = diagnosticType
      self.diagnostic = diagnostic
    }
  }

  package init(
    address: String, original: String, originalRecipient: String? = nil, action: Action, status: String, reason: String, remote: Remote? = nil
  ) {
    self.address = address
    self.original = original
    self.originalRecipient = originalRecipient
    self.action = action
    self.status = status
    self.reason = reason
    self.remote = remote
  }
}

/// What is attached of a message: lines that end in LF.
package struct ReturnedContent: Equatable, Sendable {
  package var bytes: [UInt8]
  package var isWhole: Bool

  /// The whole of a message.
  package init(whole bytes: [UInt8]) {
    self.bytes = bytes
    isWhole = true
  }

  /// Its header, found in the beginning of the message. What is no field, and what may be cut off, is left out.
  package init(headerOf bytes: [UInt8]) {
    let end = bytes.withUnsafeBytes { HeaderBlock.scan($0) { _ in }.offset }
    self.bytes = Array(bytes[..<min(end, ReturnedContent.headerLimit)])
    if end > ReturnedContent.headerLimit, let last = self.bytes.lastIndex(of: 0x0A) { self.bytes.removeSubrange((last + 1)...) }
    isWhole = false
  }

  /// More of a header is attached to no report.
  package static let headerLimit = 102_400

  var isEightBit: Bool { bytes.contains { $0 >= 0x80 } }
}
