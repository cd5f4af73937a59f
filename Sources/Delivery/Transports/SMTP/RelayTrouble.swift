// SPDX-License-Identifier: Apache-2.0

/// A session with a server in which the one side did not understand the other.
package struct RelayTrouble: Sendable {
  /// Of the message that it was for.
  package let sender: String
  /// `name[address]:port`
  package let peer: String
  /// `SMTP` or `LMTP`.
  package let service: String
  /// A line each, without contents and passwords.
  package let transcript: [[UInt8]]
}
