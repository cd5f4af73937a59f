// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

extension ValueParser {
  /// `127.0.0.0/8`, `[::1]/128`, `[2001:db8::]/32`, `2001:db8::/32`, or one address.
  mutating func parseNetwork(_ text: LocatedText) -> IPNetwork? {
    let slash = text.bytes.lastIndex(of: UInt8(ascii: "/"))
    let host = slash.map { text[..<$0] } ?? text
    guard let address = parseAddress(host) else { return reportNoAddress(text) }
    guard let slash else { return single(address, text) }
    guard let length = parseLength(text[(slash + 1)...], address) else { return nil }
    if let network = IPNetwork(address, length: length) { return network }
    let first = IPNetwork(address.masked(to: length), length: length)
    report(.error(text, "`\(text.text)` has bits set after the first \(length)", hint: first.map { "did you mean `\($0)`?" }))
    return nil
  }

  private func parseAddress(_ text: LocatedText) -> IPAddress? {
    let text = text.text
    return IPAddress(text.hasPrefix("[") && text.hasSuffix("]") ? text.dropFirst().dropLast() : text[...])
  }

  private mutating func parseLength(_ text: LocatedText, _ address: IPAddress) -> Int? {
    if let length = Int(digits: text.bytes[...]), length <= address.width { return length }
    let netmask = IPAddress(text.text).flatMap { mask in (0...32).first { IPAddress(v4: .max).masked(to: $0) == mask } }
    report(
      .error(
        text, "expected a length from 0 to \(address.width) after the `/`, not `\(text.text)`", hint: netmask.map { "did you mean `/\($0)`?" }))
    return nil
  }

  private mutating func single(_ address: IPAddress, _ text: LocatedText) -> IPNetwork {
    let length = address.likelyLength
    if length < address.width, let network = IPNetwork(address, length: length) {
      report(.warning(text, "`\(text.text)` is this one address, not a network", hint: "did you mean `\(network)`?"))
    }
    return IPNetwork(address)
  }

  private mutating func reportNoAddress(_ text: LocatedText) -> IPNetwork? {
    let isLoose = text.text.utf8.contains(UInt8(ascii: ":"))
    let hint = isLoose ? "an IPv6 network is written `[2001:db8::]/32`" : Self.networkHint(text.text)
    report(.error(text, "`\(text.text)` is no address and no network", hint: hint))
    return nil
  }

  private static func networkHint(_ text: String) -> String {
    let octets = text.split(separator: "/").first.map { $0.split(separator: ".") } ?? []
    let isShort = (1...3).contains(octets.count) && octets.allSatisfy { Int($0).map { (0...255).contains($0) } ?? false }
    guard isShort, text.contains(".") else { return "put your own network here, such as 192.168.0.0/24" }
    let padded = octets + Array(repeating: "0", count: 4 - octets.count)
    return "did you mean `\(padded.joined(separator: "."))/\(octets.count * 8)`?"
  }
}

extension IPAddress {
  /// An address that ends in zeros was most likely meant as a network of this length.
  fileprivate var likelyLength: Int {
    guard family == .v4, self != .anyV4 else { return width }
    if low >> 24 == 10 || low == 0x7f00_0000 { return masked(to: 8) == self ? 8 : masked(to: 16) == self ? 16 : masked(to: 24) == self ? 24 : 32 }
    if self == IPAddress(v4: 0xac10_0000) { return 12 }
    return masked(to: 16) == self ? 16 : masked(to: 24) == self ? 24 : 32
  }
}
