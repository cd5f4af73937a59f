// SPDX-License-Identifier: Apache-2.0

/// A list of restrictions as to relaying: what is permitted before foreign domains are refused.
struct RelayOrder {
  private let words: [String]

  init(_ words: [String]) { self.words = words }

  private var guardIndex: Int? {
    words.firstIndex { ["reject", "defer", "reject_unauth_destination", "defer_unauth_destination", "check_relay_domains"].contains($0) }
  }

  /// Foreign domains are refused somewhere.
  var isGuarded: Bool { guardIndex != nil }

  /// The first word that lets strangers through before that.
  var opening: String? {
    words[..<(guardIndex ?? words.count)].first { word in
      word == "permit" || Self.wide.contains(word) || word.hasPrefix("check_") && ["helo_access", "sender_access"].contains { word.hasSuffix($0) }
    }
  }

  private static let wide: Set<String> = ["permit_naked_ip_address", "permit_mx_backup", "permit_dnswl_client", "permit_rhswl_client"]

  func reason(_ word: String) -> String {
    switch word {
    case "permit": "an open relay: `permit` stands before foreign domains are refused"
    case "permit_mx_backup": "whoever points an MX record at this server can relay through it (permit_mx_backup)"
    case "permit_naked_ip_address", "permit_dnswl_client", "permit_rhswl_client":
      "strangers may relay by `\(word)`, which stands before foreign domains are refused"
    default: "`\(word)` stands before foreign domains are refused: an OK in its table lets anybody who claims that name relay"
    }
  }
}
