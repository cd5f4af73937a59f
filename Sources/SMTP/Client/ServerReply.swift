// SPDX-License-Identifier: Apache-2.0

/// A server's reply as it came: logs and reports quote it.
package struct ServerReply: Hashable, Sendable {
  package let code: UInt16
  /// Of its first line; nil where that has none of the code's class.
  package let status: EnhancedStatus?
  /// With codes and all, LF between its lines.
  package let words: String

  package init(_ code: UInt16, _ status: EnhancedStatus? = nil, words: String) {
    self.code = code
    self.status = status
    self.words = words
  }

  /// RFC 5321 §4.2.1: 4yz may be tried again, 5yz may not.
  package var isNegative: Bool { code >= 400 }
  package var isTransient: Bool { code >= 400 && code < 500 }

  /// Neither yes nor no, or a yes to something else: a refusal.
  package var outOfPlace: ServerReply { ServerReply(500, EnhancedStatus(5, 5, 0), words: words) }

  /// Whether a refusal tells that one side does not understand the other: RFC 5321 §4.2.1 has x0z for that, §4.1.1.11 555.
  package var tellsOfProtocolError: Bool { (500..<510).contains(code) || code == 555 }

  /// RFC 3463 §2, or what its class leaves of it.
  package var statusText: String { status?.description ?? "\(code / 100).0.0" }

  /// On one line, as logs quote it.
  package var summary: String {
    words.utf8.contains(0x0a) ? words.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: " ") : words
  }

  /// The text of each line, after code and separator.
  package var texts: [Substring] { words.split(separator: "\n", omittingEmptySubsequences: false).map { $0.dropFirst(4) } }
}
