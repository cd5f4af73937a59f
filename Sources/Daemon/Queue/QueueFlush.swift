// SPDX-License-Identifier: Apache-2.0
import Queue
import Spool

/// `postqueue -f`, `-i` and `-s`: deferred mail is tried now. What is held stays so.
enum QueueFlush {
  static func perform(_ words: [String], on spool: Spool) throws(SpoolError) -> QueueAnswer {
    guard words.count == 2 else { return answer(try release(spool.deferredIDs, spool)) }
    if words.first == "flush-site" { return answer(try release(ids(for: words[1].lowercased(), spool), spool)) }
    guard let id = QueueID(words[1]), try spool.show(id) != nil else { return QueueCommands.unknown(words[1]) }
    return answer(try release(spool.isHeld(id) ? [] : [id], spool))
  }

  private static func answer(_ count: Int) -> QueueAnswer { QueueAnswer(text: "\(count)\n") }

  private static func release(_ ids: [QueueID], _ spool: Spool) throws(SpoolError) -> Int {
    var count = 0
    for id in ids where try spool.release(id) { count += 1 }
    return count
  }

  /// Messages with a recipient in the domain that is still to get them.
  private static func ids(for domain: String, _ spool: Spool) throws(SpoolError) -> [QueueID] {
    var ids: [QueueID] = []
    for id in spool.deferredIDs {
      guard let listing = try spool.show(id) else { continue }
      if QueueEntry(listing).recipients.contains(where: { $0.isPending && $0.domain == domain }) { ids.append(id) }
    }
    return ids
  }
}
