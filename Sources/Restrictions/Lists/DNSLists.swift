// SPDX-License-Identifier: Apache-2.0
import Bytes

/// One list in the DNS: `zen.example.org`, `zen.example.org=127.0.0.[2..4]`, `zen.example.org*3`.
package struct DNSList: Hashable, Sendable {
  package let domain: String
  package let filter: AddressFilter?
  package let weight: Int
  /// With its filter, without its weight: `rbl_reply_maps` are asked for it.
  package let title: String

  /// Nil if it is not of this form. As in postscreen_dnsbl_sites, `*weight` may be negative.
  package init?(_ text: String) {
    let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let halves = parts[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard DNSList.isDomain(halves[0]) else { return nil }
    if halves.count > 1 {
      guard let filter = AddressFilter(halves[1]) else { return nil }
      self.filter = filter
    } else {
      filter = nil
    }
    guard let weight = parts.count > 1 ? Int(parts[1]) : 1, abs(weight) <= 1_000_000 else { return nil }
    self.weight = weight
    domain = halves[0]
    title = parts[0]
  }

  private static func isDomain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count < 200 && isValidHostName(text)
  }

  /// The name to ask for: RFC 5782 §2.1, §2.4, the octets or nibbles in reverse.
  package func question(for address: IPAddress) -> String { "\(address.reversedLabels).\(domain)" }

  package func isListed(by addresses: [IPAddress]) -> Bool {
    guard let filter else { return !addresses.isEmpty }
    return addresses.contains(where: filter.matches)
  }
}

/// Lists that are weighed together: they refuse when the weights of those that list the client reach the threshold.
///
/// With one list and no weights it is Postfix's `reject_rbl_client domain`. Several in braces are Weir's own:
/// `reject_rbl_client { zen.example.org*3, bl.example.org, white.example.org*-4, threshold=3 }`.
package struct DNSLists: Hashable, Sendable {
  package let lists: [DNSList]
  package let threshold: Int
}

extension IPAddress {
  /// `4.3.2.1` for 1.2.3.4; an IPv6 address nibble by nibble.
  fileprivate var reversedLabels: String {
    if family == .v4 { return (0..<4).map { String(low >> UInt64($0 * 8) & 0xff) }.joined(separator: ".") }
    return (0..<32).map { String(nibble($0), radix: 16) }.joined(separator: ".")
  }

  /// The last one first.
  private func nibble(_ index: Int) -> UInt64 {
    let word = index < 16 ? low : high
    return word >> UInt64(index % 16 * 4) & 0xf
  }
}
