// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// What the spool wants in the log.
package enum SpoolEvent: Equatable, Sendable {
  /// A message is durable, or is taken up again, and delivery may have it.
  case active(QueueID, sender: String, size: Int64, recipients: Int)
  /// Messages that are over, durably.
  case removed([QueueID])
  /// Found at the start: live messages and how many of them were ready.
  case recovered(messages: Int)
  /// The last batch before a crash was cut off: nothing in it was promised.
  case tornTail(segment: String, offset: Int)
  /// Something that was once synced cannot be read; the segment will be kept aside.
  case damage(segment: String, offset: Int)
  case damagedMessage(QueueID)
  case keptAside(file: String)
  case removedOrphan(file: String)
  /// The process died during its delivery so often that it is held.
  case heldAfterCrashes(QueueID)
  case writeFailed(DiskError)
  /// The mailboxes on a file system are written again and synced one by one.
  case mailboxSyncFailed(DiskError)
  case refusing(CommitOutcome)
  case accepting
}

extension SpoolEvent {
  static func active(_ message: QueuedMessage) -> SpoolEvent {
    .active(message.id, sender: message.envelope.sender, size: message.size, recipients: message.envelope.recipients.count { !$0.isExpansionNotice })
  }
}
