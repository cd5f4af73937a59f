// SPDX-License-Identifier: Apache-2.0
import SMTP

/// Whether mail for an address would be taken where it goes.
package struct Verification: Equatable, Sendable {
  package enum Status: Equatable, Sendable {
    case deliverable, undeliverable
    /// It could not be found out, and is tried again later.
    case deferred
    /// It is being found out.
    case pending
    /// Nobody finds it out.
    case unavailable
  }

  package var status: Status
  /// What the address's server has said, or why there is no answer.
  package var text: String

  package init(_ status: Status, _ text: String) {
    self.status = status
    self.text = text
  }

  package static let pending = Verification(.pending, "Address verification in progress")
}

/// Finds out whether addresses take mail: Postfix's verify(8).
package protocol AddressVerification: Sendable {
  /// What is known now. Never waits: what is not known is looked for from now on.
  func status(of address: SMTP.Mailbox, _ destination: Destination) -> Verification
}

/// `unverified_sender_*`, or `unverified_recipient_*`.
package struct UnverifiedSettings: Sendable {
  package var rejectCode: UInt16 = 450
  package var deferCode: UInt16 = 450
  package var tempfailAction = RestrictionSettings.TempfailAction.deferIfPermit
  /// Empty: what was found out.
  package var rejectReason = ""

  package init() {}
}
