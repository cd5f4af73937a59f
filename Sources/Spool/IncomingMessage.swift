// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// A message to commit: complete, with its trace fields in front.
package struct IncomingMessage: Sendable {
  package var id: QueueID
  package var envelope: Envelope
  package var content: Content
  /// Why it is not to be delivered before somebody releases it; nil if it is to go its way.
  package var hold: Reason?

  /// LF-terminated lines, either in memory or in a finished file of the spool.
  package enum Content: Sendable {
    case memory([ContentChunk])
    case file(FinishedFile)
  }

  package init(id: QueueID, envelope: Envelope, content: Content, hold: Reason? = nil) {
    self.hold = hold
    self.id = id
    self.envelope = envelope
    self.content = content
  }
}

/// What became of a message that was handed to the spool. Only `.committed` allows a 250.
package enum CommitOutcome: Equatable, Sendable {
  /// Durable: it will be delivered, whatever happens.
  case committed
  /// 452 4.3.1.
  case insufficientStorage(cause: String)
  /// 451 4.3.0.
  case localError(cause: String)

  init(_ error: DiskError) {
    self = error.isFull ? .insufficientStorage(cause: error.description) : .localError(cause: error.description)
  }
}

package enum SpoolError: Error, Equatable, Sendable {
  /// Another process has this lane.
  case locked
  /// Written by a later release, or not a spool.
  case unknownFormat(file: String)
  /// Longer than a segment can take, or an impossible setting.
  case tooLarge
  /// What the disk holds for this message is not what was written.
  case damaged(QueueID)
  /// No such message.
  case missing(QueueID)
  /// The spool is stopping or cannot write.
  case unavailable(cause: String)
  case disk(DiskError)
}
