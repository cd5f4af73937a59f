// SPDX-License-Identifier: Apache-2.0
import Bytes

/// `d.d.d.d` after the name of a list in the DNS: each `d` a number, or `[a..b;c]` for some of them.
package struct AddressFilter: Hashable, Sendable {
  /// Four of them.
  private let octets: [[ClosedRange<UInt8>]]

  /// Nil if it is not of this form.
  package init?(_ text: some StringProtocol) {
    let parts = Self.split(text)
    guard parts.count == 4 else { return nil }
    let octets = parts.compactMap(Self.parseOctet)
    guard octets.count == 4 else { return nil }
    self.octets = octets
  }

  /// At the dots outside of brackets.
  private static func split(_ text: some StringProtocol) -> [String] {
    var parts = [""]
    var isInBrackets = false
    for character in text {
      if character == "[" { isInBrackets = true }
      if character == "]" { isInBrackets = false }
      if character == ".", !isInBrackets { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    return parts
  }

  private static func parseOctet(_ text: String) -> [ClosedRange<UInt8>]? {
    guard text.hasPrefix("[") else { return parseNumber(text).map { [$0...$0] } }
    guard text.hasSuffix("]"), text.count > 2 else { return nil }
    let parts = text.dropFirst().dropLast().split(separator: ";", omittingEmptySubsequences: false)
    let ranges = parts.compactMap { parseRange(String($0)) }
    return ranges.count == parts.count ? ranges : nil
  }

  private static func parseRange(_ text: String) -> ClosedRange<UInt8>? {
    guard let dots = text.range(ofDots: "..") else { return parseNumber(text).map { $0...$0 } }
    guard let low = parseNumber(String(text[..<dots.lowerBound])), let high = parseNumber(String(text[dots.upperBound...])), low <= high else {
      return nil
    }
    return low...high
  }

  private static func parseNumber(_ text: String) -> UInt8? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return UInt8(text)
  }

  package func matches(_ address: IPAddress) -> Bool {
    guard address.family == .v4 else { return false }
    return octets.enumerated().allSatisfy { index, ranges in
      let octet = UInt8(truncatingIfNeeded: address.low >> UInt64(24 - index * 8))
      return ranges.contains { $0.contains(octet) }
    }
  }
}

extension String {
  fileprivate func range(ofDots dots: String) -> Range<Index>? {
    for index in indices where self[index...].hasPrefix(dots) { return index..<self.index(index, offsetBy: dots.count) }
    return nil
  }
}
