// SPDX-License-Identifier: Apache-2.0

/// What `local_transport` says.
package enum LocalTransport: Equatable, Sendable {
  case local
  /// `error:5.1.1 text`; 5.1.1 where no status is written.
  case error(status: String, text: String)

  /// Nil for a transport that Weir does not have.
  package init?(_ text: String) {
    let colon = text.firstIndex(of: ":")
    let rest = colon.map { text[text.index(after: $0)...].drop { $0 == " " } } ?? ""
    switch text[..<(colon ?? text.endIndex)] {
    case "", "local": self = .local
    case "error": self = Self.error(rest)
    default: return nil
    }
  }

  private static func error(_ text: Substring) -> LocalTransport {
    let word = text.prefix { $0 != " " }
    let rest = text.dropFirst(word.count).drop { $0 == " " }
    guard isStatus(word) else { return .error(status: "5.1.1", text: text.isEmpty ? "no local mailboxes" : String(text)) }
    return .error(status: String(word), text: rest.isEmpty ? "no local mailboxes" : String(rest))
  }

  /// RFC 3463 §2; a success cannot be an error.
  private static func isStatus(_ word: Substring) -> Bool {
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 3 && ["4", "5"].contains(parts[0]) && parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isDigit) }
  }
}
