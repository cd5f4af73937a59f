// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Server
import Spool

/// The spool as sessions see it. What may block goes to the pool.
struct SpoolStore: MessageStore {
  let spool: Spool
  let pool: BlockingPool
  let storage: StorageWatch

  var memory: MemoryBudget { spool.memory }

  var isLow: Bool { storage.isLow }

  func reserveID() -> QueueID { spool.nextQueueID() }

  func commit(_ message: IncomingMessage) async -> CommitOutcome { await spool.commit(message) }

  var spillThreshold: Int { spool.settings.bigMessageSize }

  func beginSpill(_ id: QueueID) async -> (any SpillFile)? {
    let file = await pool.run { [spool] in try? spool.makeBigFile(id) }
    guard case .some(.some(let opened)) = file else { return nil }
    return PooledFile(opened, pool)
  }
}

/// A big message's file, written on the pool.
private final class PooledFile: SpillFile {
  private let file: BigFile
  private let pool: BlockingPool

  init(_ file: BigFile, _ pool: BlockingPool) {
    self.file = file
    self.pool = pool
  }

  func append(_ chunk: ContentChunk) async -> Bool {
    await pool.run { [file] in (try? file.write([chunk.bytes])) != nil } ?? false
  }

  func finish() async -> FinishedFile? {
    await pool.run { [file] in try? file.finish() } ?? nil
  }

  func view() async -> FileView? { await pool.run { [file] in try? file.view() } ?? nil }

  func discard() async { _ = await pool.run { [file] in file.abandon() } }
}
