// SPDX-License-Identifier: Apache-2.0

/// Composes what a message gets when it arrives. Each loop keeps one, because it remembers the date it wrote last.
package struct ArrivalHeaders: Sendable {
  /// `myhostname`.
  package let hostname: String
  /// The name of the product in `Received:` (`mail_name`).
  package let product: String
  /// `myorigin`: completes addresses without a domain.
  package let origin: String
  /// `remote_header_rewrite_domain`: the same in the headers of clients that are not local; empty: those stay.
  package var remoteOrigin = ""
  /// The local time zone; give a new one when summer time begins or ends.
  package var zone: Zone
  private var dates = DateTime()

  package init(hostname: String, product: String, origin: String, zone: Zone) {
    self.hostname = hostname
    self.product = product
    self.origin = origin
    self.zone = zone
  }

  package struct MessageID: Equatable, Sendable {
    package let text: String
    package let isResent: Bool
  }

  /// What to do with the content of a message that arrives.
  package struct Arrival: Equatable, Sendable {
    /// Goes before the content: `Received:`, fields that were missing, and an empty line if the content begins with its body.
    package var prefix: [UInt8] = []
    /// Changes to the content itself, in ascending order and apart; hardly any message needs one.
    package var edits: [Edit] = []
    /// `Received:` fields, the new one too; `hopcount_limit` is the smallest number that is too many.
    package var hops = 1
    /// The fields in the prefix that were not there: `Received:` and those that were missing.
    package var addedFields = 1
    /// Message-ID and Resent-Message-ID for the log, with their brackets: `<>` for a Message-ID that is missing.
    package var messageIDs: [MessageID] = []
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
    let facts = ArrivalFacts(content, completing: isLocal ? origin : remoteOrigin.isEmpty ? nil : remoteOrigin)
    arrival.hops += facts.hops
    arrival.edits = facts.edits
    arrival.messageIDs = facts.messageIDs.map { MessageID(text: Self.trimmed(content.slice($0.value)), isResent: $0.isResent) }
    if isLocal || !remoteOrigin.isEmpty { writeMissing(facts, received.queueID, sender, time, &arrival) }
    if !arrival.messageIDs.contains(where: { !$0.isResent }) { arrival.messageIDs.append(MessageID(text: "<>", isResent: false)) }
    if facts.mailboxLine { arrival.prefix.write("X-Mailbox-Line: ") } else if facts.beginsWithBody { arrival.prefix.append(0x0A) }
    return arrival
  }

  /// RFC 5322 §3.6: a message that was sent again needs the fields of its last sending.
  private mutating func writeMissing(_ facts: ArrivalFacts, _ id: String, _ sender: String, _ time: Int64, _ arrival: inout Arrival) {
    if !facts.has(.messageID, or: .resentMessageID) { writeMessageID(facts, id, time, &arrival) }
    let resent = facts.isResent ? "Resent-" : ""
    writeDateAndSender(facts, resent, sender, time, &arrival)
  }

  private func writeMessageID(_ facts: ArrivalFacts, _ id: String, _ time: Int64, _ arrival: inout Arrival) {
    arrival.addedFields += 1
    if facts.isResent { arrival.prefix.write("Resent-") }
    arrival.prefix.write("Message-Id: ")
    let start = arrival.prefix.count
    arrival.prefix.write("<")
    DateTime.writeStamp(time, into: &arrival.prefix)
    arrival.prefix.write(".")
    arrival.prefix.write(id)
    arrival.prefix.write("@")
    arrival.prefix.writeVisible(hostname)
    arrival.prefix.write(">")
    arrival.messageIDs.append(MessageID(text: String(decoding: arrival.prefix[start...], as: UTF8.self), isResent: facts.isResent))
    arrival.prefix.write("\n")
  }

  private mutating func writeDateAndSender(_ facts: ArrivalFacts, _ resent: String, _ sender: String, _ time: Int64, _ arrival: inout Arrival) {
    if !facts.has(.date, or: .resentDate) {
      arrival.addedFields += 1
      arrival.prefix.write(resent)
      arrival.prefix.write("Date: ")
      dates.write(time, zone, into: &arrival.prefix)
      arrival.prefix.append(0x0A)
    }
    if !facts.has(.from, or: .resentFrom) {
      arrival.addedFields += 1
      arrival.prefix.write(resent)
      arrival.prefix.write("From: ")
      arrival.prefix.writeAddress(sender.isEmpty ? "MAILER-DAEMON@\(origin)" : sender)
      arrival.prefix.append(0x0A)
    }
  }
}

extension ArrivalHeaders {
  /// A field's value without the blanks around it; of a long one only the beginning, which is enough to find it by.
  fileprivate static func trimmed(_ value: UnsafeRawBufferPointer) -> String {
    var value = value.prefix(1000)
    while let first = value.first, first <= 0x20 { value = value.dropFirst() }
    while let last = value.last, last <= 0x20 { value = value.dropLast() }
    return String(decoding: value, as: UTF8.self)
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: self[range.clamped(to: 0..<count)])
  }
}
