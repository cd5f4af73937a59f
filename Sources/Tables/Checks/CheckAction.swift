// SPDX-License-Identifier: Apache-2.0

/// The right side of a header_checks(5) or body_checks(5) rule.
package enum CheckAction: Equatable, Sendable {
  /// One more recipient, who is told of no trouble.
  case bcc(String)
  case discard(String)
  /// As if no rule had matched; `OK` is the same.
  case dunno
  /// `transport:destination`
  case filter(String)
  case hold(String)
  /// The line is removed, and nothing is said.
  case ignore
  case info(String)
  /// No more tests of this message.
  case pass(String)
  /// The text is put before the line.
  case prepend([UInt8])
  case redirect(String)
  /// RFC 3463: a status that starts with 4 or 5.
  case reject(status: String, text: String)
  case replace([UInt8])
  /// The line is removed, and that is logged.
  case strip(String)
  case warn(String)

  /// What the rules look at.
  package enum Subject: Sendable { case header, body }

  /// What a refusal says that says nothing itself.
  package static let refusalText = "message content rejected"
  package static let refusalStatus = "5.7.1"

  static let words = [
    "BCC", "DISCARD", "DUNNO", "FILTER", "HOLD", "IGNORE", "INFO", "OK", "PASS", "PREPEND", "REDIRECT", "REJECT", "REPLACE", "STRIP", "WARN",
  ]

  /// The word in capitals, as the log has it in small letters.
  package var word: String {
    switch self {
    case .bcc: "BCC"
    case .discard: "DISCARD"
    case .dunno: "DUNNO"
    case .filter: "FILTER"
    case .hold: "HOLD"
    case .ignore: "IGNORE"
    case .info: "INFO"
    case .pass: "PASS"
    case .prepend: "PREPEND"
    case .redirect: "REDIRECT"
    case .reject: "REJECT"
    case .replace: "REPLACE"
    case .strip: "STRIP"
    case .warn: "WARN"
    }
  }
}

/// Why a text is no action. Postfix says so when the first message meets it, and lets that line pass.
package struct CheckProblem: Error, Equatable, Sendable {
  /// Of the text's bytes.
  package let range: Range<Int>
  package let message: String
  package let hint: String?
}
