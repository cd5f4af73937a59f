// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// Carries out a queue command on a spool: in the daemon for a client of its socket, or in the command itself when no daemon runs.
enum QueueCommands {
  /// `list [AFTER]`, `show ID`, `cat ID`, `delete ID`, `delete ALL`.
  static func perform(_ line: String, on spool: Spool) -> QueueAnswer {
    let words = line.split(separator: " ").map(String.init)
    do {
      switch (words.first, words.count) {
      case ("list", 1), ("list", 2): return list(after: words.dropFirst().first.flatMap { QueueID($0) }, spool)
      case ("show", 2): return try show(words[1], spool)
      case ("cat", 2): return try content(words[1], spool)
      case ("delete", 2): return delete(words[1], spool)
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
    let text = page.isEmpty ? "" : QueueText.list(page, isFirst: after == nil, now: wallClock())
    guard page.count == pageSize, let last = page.last else { return QueueAnswer(text: text + QueueText.summary(spool.count)) }
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

  private static func delete(_ text: String, _ spool: Spool) -> QueueAnswer {
    if text == "ALL" {
      let count = spool.list().count { spool.delete($0.id) }
      return QueueAnswer(text: "\(count) message\(count == 1 ? "" : "s") deleted\n")
    }
    guard let id = QueueID(text), spool.delete(id) else { return unknown(text) }
    return QueueAnswer(text: "\(id): deleted\n")
  }

  private static func unknown(_ text: String) -> QueueAnswer {
    QueueAnswer(status: ExitStatus.noSuchMessage, text: "weir: \(text): no such message in the queue\n")
  }
}
