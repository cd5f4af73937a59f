// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue

/// A message while its content comes in.
final class ArrivingMessage {
  let id: QueueID
  /// What is in memory; for a spilled message what has not been written yet.
  var content = ByteBuffer()
  var spill: (any SpillFile)?
  /// The file could not be written: the rest is taken in and thrown away, and the reply is 452.
  var spillFailed = false

  init(_ id: QueueID) { self.id = id }

  func isOversized(_ threshold: Int) -> Bool { content.count > threshold }

  /// The content of memory, which is empty then.
  func takeContent() -> ByteBuffer {
    var taken = ByteBuffer()
    swap(&taken, &content)
    return taken
  }

  func discard() async { await spill?.discard() }
}
