// SPDX-License-Identifier: Apache-2.0
import Queue
import Runtime

/// The queue as Postfix's programs show it, so that what reads theirs reads ours.
struct PostfixListing {
  private var count = 0
  private var bytes: Int64 = 0

  /// Postfix's columns where queue ids are long.
  private static let headings = row("-Queue ID-", "--Size--", "---Arrival Time----", "-Sender/Recipient------")

  private static func row(_ id: String, _ size: String, _ time: String, _ text: String) -> String {
    "\(padded(id, 17)) \(filled(size, 8)) \(padded(time, 19)) \(text)\n"
  }

  private static func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.utf8.count)) }
  private static func filled(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.utf8.count)) + text }

  mutating func text(_ entry: QueueEntry) -> String {
    var text = count == 0 ? Self.headings : "\n"
    count += 1
    bytes += entry.size
    let mark = entry.queueName == "active" ? "*" : entry.queueName == "hold" ? "!" : " "
    text += Self.row(entry.id.description + mark, "\(entry.size)", Self.time(entry.arrival), entry.sender.isEmpty ? "MAILER-DAEMON" : entry.sender)
    var told = ""
    for recipient in entry.recipients where recipient.isPending {
      if recipient.reason != told, !recipient.reason.isEmpty { text += Self.filled("", 76 - recipient.reason.utf8.count) + "(\(recipient.reason))\n" }
      told = recipient.reason
      text += Self.row("", "", "", recipient.address)
    }
    return text
  }

  var end: String {
    count == 0 ? "Mail queue is empty\n" : "\n-- \(bytes / 1024) Kbytes in \(count) Request\(count == 1 ? "" : "s").\n"
  }

  /// As asctime(3) without the year.
  private static func time(_ microseconds: Int64) -> String { LocalTime.text(microseconds, format: "%a %b %e %H:%M:%S") }

  /// One line.
  static func json(_ entry: QueueEntry) -> String {
    let recipients = entry.recipients.filter(\.isPending).map { recipient in
      let reason = recipient.reason.isEmpty ? "" : ", \"delay_reason\": \(quoted(recipient.reason))"
      return "{\"address\": \(quoted(recipient.address))\(reason)}"
    }
    return """
      {"queue_name": "\(entry.queueName)", "queue_id": "\(entry.id)", "arrival_time": \(entry.arrival / 1_000_000), \
      "message_size": \(entry.size), "forced_expire": false, "sender": \(quoted(entry.sender)), \
      "recipients": [\(recipients.joined(separator: ", "))]}
      """
  }

  private static func quoted(_ text: String) -> String { JSONValue.text(text).line }
}
