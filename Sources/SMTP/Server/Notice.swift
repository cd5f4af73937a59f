// SPDX-License-Identifier: Apache-2.0

/// A line for the log, in Postfix's words, that an event gave rise to.
package enum Notice: Equatable, Sendable {
  /// Postfix puts the queue id in front, or `NOQUEUE: ` as long as no recipient was accepted.
  indirect case reject(Rejection)
  case info(String)
  case warning(String)
}

/// What was decided about a command, and about whose.
package struct Rejection: Equatable, Sendable {
  /// `reject`, `reject_warning`, `hold`, ...
  package var action = "reject"
  /// `RCPT`, `END-OF-MESSAGE`, ...
  package var place: String
  /// `name[address]`
  package var client: String
  /// The reply, on one line.
  package var reply: String
  package var sender: String?
  package var recipient: String?
  package var protocolName: String
  /// Empty before HELO.
  package var helo: String
}

extension Rejection: CustomStringConvertible {
  /// `reject: RCPT from host[address]: 554 …; from=<…> to=<…> proto=ESMTP helo=<…>`
  package var description: String {
    var line = "\(action): \(place) from \(client): \(reply);"
    if let sender { line += " from=<\(sender)>" }
    if let recipient { line += " to=<\(recipient)>" }
    line += " proto=\(protocolName)"
    return helo.isEmpty ? line : line + " helo=<\(helo)>"
  }
}
