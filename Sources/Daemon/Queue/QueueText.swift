// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// How `weir queue` shows messages.
enum QueueText {
  static var headings: String { line(["ID", "Size", "Age", "State", "Sender", "Recipients"]) }

  static func rows(_ messages: some Sequence<QueueEntry>, now: Int64, width: Int) -> String {
    messages.map { line(row($0, now)) + why($0, now, width) }.joined()
  }

  /// A line for what keeps it waiting, where that is known.
  private static func why(_ message: QueueEntry, _ now: Int64, _ width: Int) -> String {
    let waiting = message.recipients.filter { $0.isPending && !$0.reason.isEmpty && $0.reason != message.state }
    guard let first = waiting.first else { return "" }
    let others = Set(waiting.map(\.reason)).count - 1
    let next = message.nextAttempt.map { "next try in \(age($0 - now)): " } ?? ""
    let more = others > 0 ? " (and \(others) other reason\(others == 1 ? "" : "s"))" : ""
    let text = "  \(next)\(first.reason)\(more)"
    return (text.count > width ? text.prefix(max(60, width) - 1) + "…" : text) + "\n"
  }

  static func summary(_ count: Int, isAll: Bool) -> String {
    if count == 0 { return isAll ? "The queue is empty.\n" : "No such message.\n" }
    return "\(count) message\(count == 1 ? "" : "s")\n"
  }

  /// One line.
  static func json(_ entry: QueueEntry) -> String {
    let recipients = entry.recipients.map { recipient in
      let reason = recipient.reason.isEmpty ? "" : ", \"dsn\": \(quoted(recipient.status)), \"reason\": \(quoted(recipient.reason))"
      return "{\"address\": \(quoted(recipient.address)), \"state\": \"\(recipient.state)\"\(reason)}"
    }
    let next = entry.nextAttempt.map { ", \"next_attempt\": \($0 / 1_000_000)" } ?? ""
    return "{\"id\": \"\(entry.id)\", \"state\": \"\(entry.state)\", \"size\": \(entry.size), \"arrival\": \(entry.arrival / 1_000_000)\(next), "
      + "\"sender\": \(quoted(entry.sender)), \"recipients\": [\(recipients.joined(separator: ", "))]}\n"
  }

  private static func quoted(_ text: String) -> String { JSONValue.text(text).line }

  private static func row(_ message: QueueEntry, _ now: Int64) -> [String] {
    let first = message.recipients.first?.address ?? "-"
    let others = message.recipients.count - 1
    return [
      message.id.description, size(message.size), age(now - message.arrival), message.state, sender(message.sender),
      others > 0 ? "\(first) and \(others) more" : first,
    ]
  }

  /// Of fixed width, so that the pages of a long list fit together.
  private static let widths = [13, 7, 7, 9, 28, 0]

  private static func line(_ columns: [String]) -> String {
    let padded = zip(columns, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
    var text = padded.joined(separator: "  ")
    while text.hasSuffix(" ") { text.removeLast() }
    return text + "\n"
  }

  static func show(_ message: QueueListing, _ envelope: Envelope, now: Int64) -> String {
    var text = """
      id        \(message.id)
      state     \(message.word)
      arrived   \(age(now - message.arrival)) ago
      size      \(size(message.size))
      sender    \(sender(message.sender))

      """
    if let next = message.nextAttempt { text += "next try  in \(age(next - now))\n" }
    for (recipient, state) in zip(envelope.recipients, message.recipients) {
      let original = recipient.original == recipient.address ? "" : " (given as \(recipient.original))"
      text += "recipient \(recipient.address)\(original): \(describe(state.state))\n"
    }
    return text
  }

  private static func describe(_ state: RecipientState) -> String {
    switch state {
    case .waiting: "waiting"
    case .delivered(let file): "delivered to \(file.path), not yet synced"
    case .stable: "delivered"
    case .relayed: "relayed"
    case .deferred(let deferral): "deferred: \(deferral.reason.text)"
    case .failed(let reason): "failed: \(reason.text)"
    case .held(let reason): "held: \(reason.text)"
    }
  }

  private static func sender(_ address: String) -> String { address.isEmpty ? "<>" : address }

  static func size(_ bytes: Int64) -> String {
    if bytes < 10_000 { return "\(bytes) B" }
    if bytes < 10_000_000 { return "\(bytes / 1000) kB" }
    return "\(bytes / 1_000_000) MB"
  }

  static func age(_ microseconds: Int64) -> String {
    let seconds = max(0, microseconds) / 1_000_000
    if seconds < 120 { return "\(seconds) s" }
    if seconds < 7200 { return "\(seconds / 60) min" }
    return seconds < 172_800 ? "\(seconds / 3600) h" : "\(seconds / 86_400) d"
  }
}

extension QueueListing {
  /// Its state in a word; a message that is in every mailbox stays until the disk has it for sure.
  var word: String {
    let isDelivered =
      !recipients.isEmpty
      && recipients.allSatisfy { recipient in
        if case .delivered = recipient.state { true } else { recipient.state.isFinal }
      }
    return isDelivered ? "delivered" : "\(phase)"
  }
}
