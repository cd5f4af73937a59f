// SPDX-License-Identifier: Apache-2.0
import Queue

/// The limits of a spool; each is a setting with the prefix `spool_`.
package struct SpoolSettings: Sendable {
  /// Bytes of one segment file. At least four times `bigMessageSize` plus 64 KiB.
  package var segmentSize = 32 << 20
  /// Content longer than this goes to a file of its own.
  package var bigMessageSize = 1 << 20
  /// Bytes of content held in memory: being received, being committed, waiting for delivery.
  package var memoryLimit = 16 << 20
  /// One write takes at most this many bytes, unless a single message is longer.
  package var batchSize = 4 << 20
  /// Messages ready for delivery that are held as objects; beyond it only their ids are.
  package var readyLimit = 10_000
  /// State notes wait this long for a batch of messages to ride with.
  package var noteDelay = Duration.milliseconds(100)
  /// While messages come from several clients at once, the first of a batch waits this long for others: a sync costs the same for many.
  package var gatherDelay = Duration.microseconds(300)
  /// Mailbox files are made stable in one go this long after the first of them was written ...
  package var stableDelay = Duration.seconds(2)
  /// ... or when so many bytes are pending; at twice as many, each delivery waits for its own fsync.
  package var stableBytes: Int64 = 64 << 20
  /// Empty segments kept for reuse, beside the one reserved for state notes.
  package var spareSegments = 2
  /// A message that was being delivered so many times in a row when its process died is held.
  package var crashLimit = 3
  /// A recipient that an attempt left without any note is tried again after this.
  package var unnotedDelay = Duration.seconds(60)

  /// Messages whose recipients are all of these classes are for the mailbox agents (`takeReady`); others are for the scheduler.
  package var ownRoutes = Recipient.Routes.all

  package init() {}

  /// One more death of the process would have such a message held: it is tried alone, so that it is blamed for nothing else's doing.
  var suspectCrashes: UInt8 { UInt8(clamping: max(1, crashLimit - 1)) }

  static let largestSegment = 1 << 30
}
