// SPDX-License-Identifier: Apache-2.0

/// `address_verify_sender`: whom other servers are told as the sender when they are asked about an address.
package struct VerifySender: Sendable {
  private let local: String
  private let domain: String
  /// `address_verify_sender_ttl` in seconds; 0: it never changes.
  private let lifetime: Int64

  /// `text` may be empty for the null sender; without a domain it gets `origin`.
  package init(_ text: String, origin: String, lifetime: Int64) {
    let at = text.utf8.lastIndex(of: 0x40)
    local = at.map { String(text[..<$0]) } ?? text
    domain = at.map { String(text[text.utf8.index(after: $0)...]) } ?? origin
    self.lifetime = lifetime
  }

  /// `now`: seconds since 1970.
  package func address(now: Int64) -> String { local.isEmpty ? "" : "\(local)\(suffix(now))@\(domain)" }

  /// Whether mail to it is mail to us: others verify the address, too, perhaps a little later.
  package func isOurs(_ address: String, now: Int64) -> Bool {
    guard !local.isEmpty else { return false }
    let moments = lifetime == 0 ? [now] : [now, now - lifetime, now + lifetime]
    return moments.contains { self.address(now: $0).lowercased() == address.lowercased() }
  }

  private func suffix(_ now: Int64) -> String { lifetime == 0 ? "" : String(max(0, now) / lifetime, radix: 36) }
}
