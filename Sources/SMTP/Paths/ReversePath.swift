// SPDX-License-Identifier: Apache-2.0

/// RFC 5321 §4.1.2: `Reverse-path = Path / "<>"`
package enum ReversePath: Hashable, Sendable {
  case null
  case mailbox(Mailbox)

  /// As the spool and logs have it: empty for the null path.
  package var address: String {
    switch self {
    case .null: ""
    case .mailbox(let mailbox): mailbox.address
    }
  }

  /// As commands and Return-Path fields write it, without the angle brackets.
  package var quoted: String {
    switch self {
    case .null: ""
    case .mailbox(let mailbox): mailbox.quoted
    }
  }

  package var isASCII: Bool {
    switch self {
    case .null: true
    case .mailbox(let mailbox): mailbox.isASCII
    }
  }
}
