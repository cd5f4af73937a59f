// SPDX-License-Identifier: Apache-2.0

/// Where Postfix's postscreen has other codes and words than its smtpd.
package enum ScreeningReplies {
  package static let blocked = Reply(550, EnhancedStatus(5, 3, 2), "Service currently unavailable")
  package static let protocolError = Reply(550, EnhancedStatus(5, 5, 1), "Protocol error")

  package static let comeAgain = Reply(450, EnhancedStatus(4, 3, 2), "Service currently unavailable")
  static let dropped = Reply(521, EnhancedStatus(5, 5, 1), "Protocol error")
  static let breaksRules = Reply(521, EnhancedStatus(5, 7, 0), "Error: I can break rules, too. Goodbye.")
  static let notRecognized = Reply(502, EnhancedStatus(5, 5, 2), "Error: command not recognized")
  static let vrfySyntax = Reply(501, EnhancedStatus(5, 5, 4), "Syntax: VRFY address")
  static let etrnRefused = Reply(458, nil, "Unable to queue messages")
  static let needMail = Reply(554, EnhancedStatus(5, 5, 1), "Error: need MAIL command")

  static func tooMuch(_ host: String) -> Reply { Reply(421, nil, "\(host) Service unavailable - try again later") }

  package static func blocked(_ client: String, by list: String) -> Reply {
    Reply(550, EnhancedStatus(5, 7, 1), "Service unavailable; client [\(client)] blocked using \(list)")
  }

  package static func busy(_ text: String) -> Reply { Reply(421, EnhancedStatus(4, 3, 2), text) }
}
