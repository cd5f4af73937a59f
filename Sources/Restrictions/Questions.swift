// SPDX-License-Identifier: Apache-2.0
import Names
import SMTP

/// What must be known before a decision, and others know.
package enum Question: Hashable, Sendable {
  case name(NameQuery)
  /// The number tells apart calls with the same attributes.
  case policy(PolicyServer, attributes: [PolicyAttribute], number: Int)
  /// Whether somebody has this address here.
  case listing(SMTP.Mailbox, Destination)
  /// Whether mail for this address would be taken where it goes. `patience`: the client waits so many milliseconds at most.
  case verification(SMTP.Mailbox, Destination, patience: Int)
  case pause(seconds: Int, number: Int)
}

package struct PolicyAttribute: Hashable, Sendable {
  package let name: String
  package let value: String
}

package enum Answer: Sendable {
  case name(Result<[NameRecord], NameFailure>)
  case policy(Result<String, PolicyFailure>)
  case listing(Listing)
  case verification(Verification)
  case paused
}

/// What the user database says.
package enum Listing: Equatable, Sendable {
  case listed
  case unlisted
  /// Refused for another reason: the code, the status and why.
  case refused(UInt16, EnhancedStatus, String)
  case temporaryFailure
}

/// What was asked so far for one decision.
package typealias Answers = [Question: Answer]
