// SPDX-License-Identifier: Apache-2.0
import Bytes
import Queue
import SMTP
import Spool

/// A message while its content comes in.
final class ArrivingMessage {
  let id: QueueID
  /// What is in memory; for a spilled message what has not been written yet.
  var content = ByteBuffer()
  var spill: (any SpillFile)?
  /// The file could not be written: the rest is taken in and thrown away, and the reply is 452.
  var spillFailed = false
  /// What canonical_maps make of the sender; nil where nobody has asked.
  var sender: String?
  /// Why addresses could not be rewritten.
  var rewriteFailure: String?
  /// Which of its first fields are our own.
  var addedFields = 0..<0
  /// Bytes of the memory budget that are ours.
  private var held = 0

  init(_ id: QueueID) { self.id = id }

  /// A header that goes on beyond this is taken for complete.
  private static let maximumHeader = 102_400

  /// Whether the content may stay in memory. Until its header is complete it must, since the trace fields depend on it.
  func fits(_ store: any MessageStore, header: HeaderScan?) -> Bool {
    let grown = content.count - held
    let hasMemory = grown <= 0 || store.memory.take(grown)
    if hasMemory { held += max(0, grown) }
    if hasMemory, content.count <= store.spillThreshold { return true }
    if header?.isComplete == true || content.count > Self.maximumHeader || spill != nil || spillFailed { return false }
    if !hasMemory {
      store.memory.claim(grown)
      held += grown
    }
    return true
  }

  /// Makes `total` bytes of the budget ours, from now on the spool's.
  func settle(_ memory: MemoryBudget, total: Int) {
    if total > held { memory.claim(total - held) } else { memory.giveBack(held - total) }
    held = total
  }

  /// The content of memory, which is empty then.
  func takeContent() -> ByteBuffer {
    var taken = ByteBuffer()
    swap(&taken, &content)
    return taken
  }

  /// Gives memory and file back.
  func discard(_ store: any MessageStore) async {
    settle(store.memory, total: 0)
    await spill?.discard()
  }
}
