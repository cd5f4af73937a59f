// SPDX-License-Identifier: Apache-2.0

/// Composes what a message gets when it arrives. Each loop keeps one, because it remembers the date it wrote last.
package struct ArrivalHeaders: Sendable {
  /// `myhostname`.
  package let hostname: String
  /// The name of the product in `Received:` (`mail_name`).
  package let product: String
  /// `myorigin`: completes addresses without a domain.
  package let origin: String
  /// The local time zone; give a new one when summer time begins or ends.
  package var zone: Zone
  private var dates = DateTime()

  package init(hostname: String, product: String, origin: String, zone: Zone) {
    self.hostname = hostname
    self.product = product
    self.origin = origin
    self.zone = zone
  }

  /// What to do with the content of a message that arrives.
  package struct Arrival: Equatable, Sendable {
    /// Goes before the content: `Received:`, fields that were missing, and an empty line if the content begins with its body.
    package var prefix: [UInt8] = []
    /// Changes to the content itself, in ascending order and apart; hardly any message needs one.
    package var edits: [Edit] = []
    /// `Received:` fields, the new one too; `hopcount_limit` is the smallest number that is too many.
    package var hops = 1
  }

  /// `content` is all of the message or at least its header; `sender` is the reverse-path, empty for the null path. Fields are completed for
  /// local clients only (`local_header_rewrite_clients`).
  package mutating func compose(
    _ received: ReceivedField, sender: String, arrival time: Int64, content: UnsafeRawBufferPointer, isLocal: Bool
  ) -> Arrival {
    var arrival = Arrival()
    arrival.prefix.reserveCapacity(512)
    received.write(by: hostname, product: product, into: &arrival.prefix)
    dates.write(time, zone, into: &arrival.prefix)
    arrival.prefix.append(0x0A)
    let facts = ArrivalFacts(content, completing: isLocal ? origin : nil)
    arrival.hops += facts.hops
    arrival.edits = facts.edits
    if isLocal { writeMissing(facts, received.queueID, sender, time, &arrival.prefix) }
    if facts.mailboxLine { arrival.prefix.write("X-Mailbox-Line: ") } else if facts.beginsWithBody { arrival.prefix.append(0x0A) }
    return arrival
  }

  /// RFC 5322 §3.6: a message that was sent again needs the fields of its last sending.
  private mutating func writeMissing(_ facts: ArrivalFacts, _ id: String, _ sender: String, _ time: Int64, _ output: inout [UInt8]) {
    let resent = facts.isResent ? "Resent-" : ""
    if !facts.has(.messageID, or: .resentMessageID) {
      output.write(resent)
      output.write("Message-Id: <")
      DateTime.writeStamp(time, into: &output)
      output.write(".")
      output.write(id)
      output.write("@")
      output.writeVisible(hostname)
      output.write(">\n")
    }
    if !facts.has(.date, or: .resentDate) {
      output.write(resent)
      output.write("Date: ")
      dates.write(time, zone, into: &output)
      output.append(0x0A)
    }
    if !facts.has(.from, or: .resentFrom) {
      output.write(resent)
      output.write("From: ")
      output.writeAddress(sender.isEmpty ? "MAILER-DAEMON@\(origin)" : sender)
      output.append(0x0A)
    }
  }
}
