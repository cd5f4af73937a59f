// SPDX-License-Identifier: Apache-2.0
import Queue
import Spool

/// Tells senders what became of their mail: reports as RFC 3461 and RFC 3464 have them.
package protocol SenderReports: Sendable {
  /// Once after each attempt of a message, with what became of all recipients that were tried, before its failures are noted as final. Queues the reports that are wanted for `results`, and calls `done` once they are stable in
  /// the spool: true if they are, or if none was wanted; false if they could not be stored, so that the failures must be tried again. From any thread,
  /// and `done` may come on any.
  func report(_ results: [RecipientResult], of message: QueuedMessage, done: @escaping @Sendable (Bool) -> Void)
}
