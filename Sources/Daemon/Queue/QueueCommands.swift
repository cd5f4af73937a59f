// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// Carries out a queue command on the spool of one lane: in the daemon for a client of its socket, or in the command itself when no process has it.
enum QueueCommands {
  /// `list [AFTER]` for a row per message, `show ID`, `cat ID`, `delete ID`, `delete ALL`, `release ID`.
  static func perform(_ line: String, on spool: Spool) -> QueueAnswer {
    let words = line.split(separator: " ").map(String.init)
    do {
      switch (words.first, words.count) {
      case ("list", 1), ("list", 2): return list(after: words.dropFirst().first.flatMap { QueueID($0) }, spool)
      case ("show", 2): return try show(words[1], spool)
      case ("cat", 2): return try content(words[1], spool)
      case ("delete", 2): return try delete(words[1], spool)
      case ("release", 2): return try release(words[1], spool)
      default: return QueueAnswer(status: ExitStatus.usage, text: "weir: the daemon does not know '\(words.first ?? "")'\n")
      }
    } catch {
      return QueueAnswer(status: ExitStatus.failure, text: "weir: \(error)\n")
    }
  }

  /// So many messages in one answer; the client asks for the next page.
  private static let pageSize = 1000

  private static func list(after: QueueID?, _ spool: Spool) -> QueueAnswer {
    let page = spool.list(after: after, limit: pageSize)
    let text = QueueText.rows(page, now: wallClock())
    guard page.count == pageSize, let last = page.last else { return QueueAnswer(text: text) }
    return QueueAnswer(text: text, next: "list \(last.id)")
  }

  private static func show(_ text: String, _ spool: Spool) throws(SpoolError) -> QueueAnswer {
    guard let id = QueueID(text), let message = try spool.show(id), let envelope = try spool.envelope(id) else { return unknown(text) }
    return QueueAnswer(text: QueueText.show(message, envelope, now: wallClock()))
  }

  private static func content(_ text: String, _ spool: Spool) throws(SpoolError) -> QueueAnswer {
    guard let id = QueueID(text) else { return unknown(text) }
    var bytes: [UInt8] = []
    let isThere = try spool.withContent(id) { pieces in for piece in pieces { bytes += piece } }
    return isThere ? QueueAnswer(bytes: bytes) : unknown(text)
  }

  private static func delete(_ text: String, _ spool: Spool) throws(SpoolError) -> QueueAnswer {
    if text == "ALL" {
      let ids = spool.list().map(\.id).filter { spool.delete($0) }
      if let last = ids.last { try awaitEnd(of: last, spool) }
      return QueueAnswer(text: "\(ids.count) message\(ids.count == 1 ? "" : "s") deleted\n")
    }
    guard let id = QueueID(text), spool.delete(id) else { return unknown(text) }
    try awaitEnd(of: id, spool)
    return QueueAnswer(text: "\(id): deleted\n")
  }

  /// A message goes with the next batch, or when its delivery ends: whoever looks after this should not find it any more.
  private static func awaitEnd(of id: QueueID, _ spool: Spool) throws(SpoolError) {
    var looks = spool.isRunning ? 100 : 0
    while looks > 0, try spool.show(id) != nil {
      Thread.sleep(.milliseconds(10))
      looks -= 1
    }
  }

  private static func release(_ text: String, _ spool: Spool) throws(SpoolError) -> QueueAnswer {
    guard let id = QueueID(text), try spool.show(id) != nil else { return unknown(text) }
    guard try spool.release(id) else { return QueueAnswer(status: ExitStatus.unavailable, text: "weir: \(id): is being delivered\n") }
    return QueueAnswer(text: "\(id): will be tried now\n")
  }

  private static func unknown(_ text: String) -> QueueAnswer {
    QueueAnswer(status: ExitStatus.noSuchMessage, text: "weir: \(text): no such message in the queue\n")
  }
}
