// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

/// `10.0.0.0/8`, `2001:db8::/32`, `[2001:db8::]/32`, `[2001:db8::/32]` or an address; what else it is, in words.
enum NetworkText {
  struct Found: Error { let diagnostic: Diagnostic }

  static func parse(_ word: LocatedText) -> Result<IPNetwork, Found> {
    let text = word.text
    if let network = IPNetwork(text) ?? IPNetwork(unbracketed(text)) { return .success(network) }
    return .failure(Found(diagnostic: diagnostic(word, unbracketed(text))))
  }

  private static func unbracketed(_ text: String) -> String { text.filter { $0 != "[" && $0 != "]" } }

  private static func diagnostic(_ word: LocatedText, _ text: String) -> Diagnostic {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let address = parts.first.flatMap({ IPAddress($0) }) else {
      return .error(word, word.isEmpty ? "here is no network" : "`\(word.text)` is no address and no network", hint: hint(text))
    }
    let length = parts.count == 2 ? parts[1] : ""
    if let bits = Int(length), (0...address.width).contains(bits), let network = IPNetwork(address.masked(to: bits), length: bits) {
      return .error(word, "`\(word.text)` has bits set after the first \(bits)", hint: "did you mean `\(unbracketed(network.description))`?")
    }
    let netmask = IPAddress(length).flatMap { mask in (0...32).first { IPAddress(v4: .max).masked(to: $0) == mask } }
    return .error(
      word, "expected a length from 0 to \(address.width) after the `/`, not `\(length)`", hint: netmask.map { "did you mean `\(parts[0])/\($0)`?" })
  }

  private static func hint(_ text: String) -> String {
    if text.utf8.contains(UInt8(ascii: ":")) { return "an IPv6 network is written `2001:db8::/32`" }
    let octets = text.split(separator: "/").first.map { $0.split(separator: ".") } ?? []
    if (1...3).contains(octets.count), octets.allSatisfy({ UInt8($0) != nil }) {
      return "did you mean `\((octets + Array(repeating: "0", count: 4 - octets.count)).joined(separator: "."))/\(octets.count * 8)`?"
    }
    return text.contains { $0.isLetter } ? "a `cidr:` table holds addresses; names belong in a `hash:` table" : "such as 192.0.2.0/24"
  }
}
