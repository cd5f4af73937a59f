// SPDX-License-Identifier: Apache-2.0

/// The Maildir name of a message for one recipient: `seconds.M<usec>Q<queue-id>R<recipient>.<host>`.
///
/// It follows from the record, so a replay after a crash knows which name to look for.
package func mailboxFileName(_ id: QueueID, recipient: Int, _ envelope: Envelope) -> String {
  let arrival = max(0, envelope.arrival)
  return "\(arrival / 1_000_000).M\(arrival % 1_000_000)Q\(id)R\(recipient).\(fileNameHost(envelope.host))"
}

/// Maildir: `/` in a host name is written `\057` and `:` is written `\072`.
private func fileNameHost(_ host: String) -> String {
  guard host.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }) else { return host }
  return host.map { $0 == "/" ? "\\057" : $0 == ":" ? "\\072" : String($0) }.joined()
}
