// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime
import Spool

/// How `weir queue` shows messages.
enum QueueText {
  static func list(_ messages: [QueueListing], now: Int64) -> String {
    if messages.isEmpty { return "The queue is empty.\n" }
    let rows = messages.map { row($0, now) }
    let headings = ["ID", "Size", "Age", "State", "Sender", "Recipients"]
    let widths = headings.indices.map { column in rows.reduce(headings[column].count) { max($0, $1[column].count) } }
    let total = messages.reduce(0) { $0 + $1.size }
    let summary = "\(messages.count) message\(messages.count == 1 ? "" : "s"), \(size(total))\n"
    return ([headings] + rows).map { line($0, widths) }.joined() + summary
  }

  private static func row(_ message: QueueListing, _ now: Int64) -> [String] {
    let first = message.recipients.first?.address ?? "-"
    let others = message.recipients.count - 1
    return [
      message.id.description, size(message.size), age(now - message.arrival), "\(message.phase)", sender(message.sender),
      others > 0 ? "\(first) and \(others) more" : first,
    ]
  }

  private static func line(_ columns: [String], _ widths: [Int]) -> String {
    let padded = zip(columns, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
    var text = padded.joined(separator: "  ")
    while text.hasSuffix(" ") { text.removeLast() }
    return text + "\n"
  }

  static func show(_ message: QueueListing, _ envelope: Envelope, now: Int64) -> String {
    var text = """
      id        \(message.id)
      state     \(message.phase)
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
