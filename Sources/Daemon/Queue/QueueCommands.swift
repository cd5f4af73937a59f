// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// Carries out a queue command on the spool of one lane: in the daemon for a client of its socket, or in the command itself when no process has it.
enum QueueCommands {
  /// `facts [AFTER]`: lines about each message; `about ID`: about one. `show ID`, `cat ID`. `delete`, `hold`, `unhold`, `release` and `requeue` with ids, or ALL: a line
  /// `+ ID` for each message that it was done to, `- ID` for each that it could not be done to. `flush`, `flush ID`, `flush-site DOMAIN`.
  /// `told` gets to know what an administrator has done to which message, in postsuper's words.
  static func perform(_ line: String, on spool: Spool, told: (QueueID, String) -> Void = { _, _ in }) -> QueueAnswer {
    let words = line.split(separator: " ").map(String.init)
    do {
      switch (words.first, words.count) {
      case ("facts", 1), ("facts", 2): return facts(after: words.dropFirst().first.flatMap { QueueID($0) }, spool)
      case ("envelope", 2): return try envelope(words[1], spool)
      case ("about", 2): return try about(words[1], spool)
      case ("show", 2): return try show(words[1], spool)
      case ("cat", 2): return try content(words[1], spool)
      case ("flush", 1), ("flush", 2), ("flush-site", 2): return try QueueFlush.perform(words, on: spool)
      case (let verb?, 2...): return try act(verb, Array(words.dropFirst()), spool, told)
      default: return unknownCommand(words.first)
      }
    } catch {
      return QueueAnswer(status: ExitStatus.failure, text: "weir: \(error)\n")
    }
  }

  private static func unknownCommand(_ word: String?) -> QueueAnswer {
    QueueAnswer(status: ExitStatus.usage, text: "weir: the daemon does not know '\(word ?? "")'\n")
  }

  /// So many messages in one answer; the client asks for the next page.
  private static let pageSize = 1000

  private static func facts(after: QueueID?, _ spool: Spool) -> QueueAnswer {
    let page = spool.list(after: after, limit: pageSize)
    let text = page.map { QueueEntry($0).lines }.joined()
    guard page.count == pageSize, let last = page.last else { return QueueAnswer(text: text) }
    return QueueAnswer(text: text, next: "facts \(last.id)")
  }

  private static func envelope(_ text: String, _ spool: Spool) throws(SpoolError) -> QueueAnswer {
    guard let id = QueueID(text), let message = try spool.show(id), let envelope = try spool.envelope(id) else { return unknown(text) }
    return QueueAnswer(text: PortableMessage(envelope, pending: QueueEntry(message).recipients.map(\.isPending)).text)
  }

  private static func about(_ text: String, _ spool: Spool) throws(SpoolError) -> QueueAnswer {
    guard let id = QueueID(text), let message = try spool.show(id) else { return unknown(text) }
    return QueueAnswer(text: QueueEntry(message).lines)
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

  static func unknown(_ text: String) -> QueueAnswer {
    QueueAnswer(status: ExitStatus.noSuchMessage, text: "weir: \(text): no such message in the queue\n")
  }

  // MARK: Changes

  private static func act(_ verb: String, _ words: [String], _ spool: Spool, _ told: (QueueID, String) -> Void) throws(SpoolError) -> QueueAnswer {
    guard let action = action(verb) else { return unknownCommand(verb) }
    var text = ""
    var last: QueueID?
    for word in words == ["ALL"] ? spool.liveIDs.map(\.description) : words {
      let id = QueueID(word)
      let wasHeld = id.map { spool.isHeld($0) } ?? false
      let isDone = if let id { try action(spool, id) } else { false }
      if let id, isDone {
        last = id
        told(id, deed(verb, wasHeld: wasHeld))
      }
      if isDone || words != ["ALL"] { text += isDone ? "+ \(word)\n" : "- \(word)\n" }
    }
    if verb == "delete", let last { try awaitEnd(of: last, spool) }
    return QueueAnswer(text: text)
  }

  private static func action(_ verb: String) -> ((Spool, QueueID) throws(SpoolError) -> Bool)? {
    switch verb {
    case "delete": { (spool, id) throws(SpoolError) in spool.delete(id) }
    case "hold": { (spool, id) throws(SpoolError) in try spool.hold(id, Reason(status: "4.7.0", text: "held by the administrator")) }
    case "unhold": { (spool, id) throws(SpoolError) in spool.isHeld(id) ? try spool.release(id) : false }
    case "release", "requeue": { (spool, id) throws(SpoolError) in try spool.release(id) }
    default: nil
    }
  }

  private static func deed(_ verb: String, wasHeld: Bool) -> String {
    switch verb {
    case "delete": "removed"
    case "hold": "placed on hold"
    case "requeue": "requeued"
    default: wasHeld ? "released from hold" : "to be tried now"
    }
  }

  /// A message goes with the next batch, or when its delivery ends: whoever looks after this should not find it any more.
  private static func awaitEnd(of id: QueueID, _ spool: Spool) throws(SpoolError) {
    var looks = spool.isRunning ? 100 : 0
    while looks > 0, try spool.show(id) != nil {
      Thread.sleep(.milliseconds(10))
      looks -= 1
    }
  }
}
