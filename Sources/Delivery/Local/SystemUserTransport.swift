// SPDX-License-Identifier: Apache-2.0
import Queue
import Spool

/// Writes into mailboxes of other system users. Used by one delivery thread; may block.
package protocol SystemUserTransport: AnyObject {
  /// Delivers all jobs; answers an outcome for each, in order.
  func deliver(_ jobs: [SystemUserJob]) -> [SystemUserOutcome]
}

/// One copy of a message for one system user.
package struct SystemUserJob: Sendable {
  package let message: QueuedMessage
  /// Leads to the user in the other process as it did in this one.
  package let recipient: String
  /// Goes before the content.
  package let header: [UInt8]
  package let name: String
  package let replay: Replay
  /// Whatever her .forward file says.
  package let isFinal: Bool

  package init(message: QueuedMessage, recipient: String, header: [UInt8], name: String, replay: Replay, isFinal: Bool = true) {
    self.isFinal = isFinal
    self.message = message
    self.recipient = recipient
    self.header = header
    self.name = name
    self.replay = replay
  }
}

package enum SystemUserOutcome: Equatable, Sendable {
  /// In the mailbox for good.
  case stable
  /// The mailbox is locked by another program.
  case busy(Reason)
  /// May pass.
  case deferred(Reason)
  /// The user has a .forward file, which must be looked at first.
  case forwarded
  /// Will not pass by itself.
  case refused(Reason)
}
