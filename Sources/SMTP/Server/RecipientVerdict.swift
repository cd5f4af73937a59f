// SPDX-License-Identifier: Apache-2.0

/// What the machine asks the user database about.
package struct RecipientQuery: Equatable, Sendable {
  /// Where to deliver, after routing operators and missing domains have been resolved.
  package let address: Mailbox
  /// `.remote` stands for a domain of relay_domains; other remote addresses are not asked about.
  package let destination: Destination
  /// Whether there is such a user.
  package let asksForUser: Bool
  /// Whether there is room for a message of so many bytes; nil where that does not matter.
  package let room: Int64?

  package init(address: Mailbox, destination: Destination, asksForUser: Bool = true, room: Int64? = nil) {
    self.address = address
    self.destination = destination
    self.asksForUser = asksForUser
    self.room = room
  }
}

/// The answer of the user database.
package enum RecipientVerdict: Equatable, Sendable {
  case accepted
  /// 550 5.1.1, worded by the class of the address.
  case unknownUser
  /// The database cannot be asked now: 451 4.3.0.
  case temporaryFailure
  /// Refused in other words: `<recipient>: Recipient address rejected: ` comes before them.
  case refused(UInt16, EnhancedStatus, String)
}
