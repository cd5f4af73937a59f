// SPDX-License-Identifier: Apache-2.0

/// What files of trust anchors hold: that of Debian's dns-root-data, and those that unbound-anchor keeps.
package enum TrustAnchors {
  private static let maximum = 64

  /// The DS and DNSKEY records of the text, each on a line of its own. A key that unbound has marked as not to be trusted (RFC 5011 §4) is left out.
  package static func records(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
      if line.contains(";;state="), !line.contains(";;state=2") { return nil }
      let words = line.prefix { $0 != ";" }.split(whereSeparator: { $0 == " " || $0 == "\t" })
      // Owner, perhaps a time to live and a class, type, and at least four fields.
      guard let place = words.firstIndex(where: { ["DS", "DNSKEY"].contains($0.uppercased()) }), (1...3).contains(place), words.count >= place + 5
      else {
        return nil
      }
      return words.joined(separator: " ")
    }.prefix(maximum).map(\.self)
  }
}
