// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import Runtime

/// A message to deliver now. Its content comes from memory or is read back from the spool, checked against what was committed.
package final class QueuedMessage: Sendable {
  package let id: QueueID
  package let envelope: Envelope
  /// Bytes of content.
  package let size: Int64
  /// The recipients to try now.
  package let due: [DueRecipient]
  /// It was tried before, or was found in the queue.
  package let isRetry: Bool
  /// The process died over it so often that it is to be tried alone.
  package let isSuspect: Bool
  /// The sender was told that it waits.
  package let isWarned: Bool
  let source: Source
  /// Held in memory for this message, until nobody needs it any more.
  private let held: Int
  private let memory: MemoryBudget?

  enum Source: Sendable {
    case memory([ContentChunk])
    case spool(SpooledContent)
  }

  init(
    id: QueueID, envelope: Envelope, size: Int64, due: [DueRecipient], source: Source, isSuspect: Bool = false, isRetry: Bool = false,
    isWarned: Bool = false, memory: MemoryBudget? = nil
  ) {
    self.id = id
    self.envelope = envelope
    self.size = size
    self.due = due
    self.source = source
    self.isSuspect = isSuspect
    self.isRetry = isRetry
    self.isWarned = isWarned
    self.memory = memory
    if case .memory(let chunks) = source { held = chunks.reduce(0) { $0 + $1.count } } else { held = 0 }
  }

  /// What is in no spool and has no content: to find out whether its recipients are taken.
  package static func probe(id: QueueID, envelope: Envelope) -> QueuedMessage {
    QueuedMessage(
      id: id, envelope: envelope, size: 0, due: envelope.recipients.indices.map { DueRecipient(index: $0, replay: .none) }, source: .memory([]))
  }

  /// Whether its content is in memory.
  package var holdsContent: Bool { held > 0 }

  /// The same message without its content in memory: it is read from `spool` when it is needed.
  package func withoutContent(in spool: Spool) -> QueuedMessage {
    guard holdsContent else { return self }
    return QueuedMessage(
      id: id, envelope: envelope, size: size, due: due, source: .spool(SpooledContent(id: id, length: size, in: spool)), isSuspect: isSuspect,
      isRetry: isRetry, isWarned: isWarned)
  }

  deinit { memory?.giveBack(held) }

  /// Calls `body` with the content: once with all of it as one or several pieces, or, for a file, with one piece after the other.
  /// The pieces are valid within the call. When this throws `.damaged`, what was passed on before must be thrown away.
  package func forEachBlock(_ body: ([UnsafeRawBufferPointer]) throws(DiskError) -> Void) throws(SpoolError) {
    switch source {
    case .memory(let chunks):
      do { try body(chunks.map(\.bytes)) } catch { throw .disk(error) }
      withExtendedLifetime(chunks) {}
    case .spool(let content): try content.forEachBlock(body)
    }
  }
}

/// A recipient to try, by its index in the envelope.
package struct DueRecipient: Equatable, Sendable {
  package let index: Int
  package let replay: Replay
  package init(index: Int, replay: Replay) {
    self.index = index
    self.replay = replay
  }
}
