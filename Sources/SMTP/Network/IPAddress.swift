// SPDX-License-Identifier: Apache-2.0
import Bytes

/// An IPv4 or IPv6 address in network order. IPv4-mapped IPv6 addresses are taken for the IPv4 address they are.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  package let isIPv6: Bool
  /// IPv4: the lowest 32 bits of `low`.
  package let high: UInt64
  package let low: UInt64

  package init(v4 value: UInt32) {
    isIPv6 = false
    high = 0
    low = UInt64(value)
  }

  package init(v6High high: UInt64, low: UInt64) {
    if high == 0, low >> 32 == 0xffff {
      self.init(v4: UInt32(truncatingIfNeeded: low))
    } else {
      self.init(unmappedHigh: high, low: low)
    }
  }

  /// An IPv6 address as it is, mapped or not: what is left of one by a mask.
  init(unmappedHigh high: UInt64, low: UInt64) {
    isIPv6 = true
    self.high = high
    self.low = low
  }

  package static let loopback = IPAddress(v4: 0x7f00_0001)

  package var bitWidth: Int { isIPv6 ? 128 : 32 }

  /// RFC 5952 for IPv6, dotted quad for IPv4.
  package var description: String {
    if !isIPv6 { return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)" }
    return IPAddress.text(groups: groups)
  }

  /// As RFC 5321 §4.1.3 writes it within brackets: IPv6 has a tag.
  package var literal: String { isIPv6 ? "IPv6:\(description)" : description }

  private var groups: [UInt16] {
    (0..<8).map { index in
      let word = index < 4 ? high : low
      return UInt16(truncatingIfNeeded: word >> UInt64(48 - 16 * (index & 3)))
    }
  }

  /// RFC 5952 §4.2.3: the first longest run of two or more zero groups becomes "::".
  private static func text(groups: [UInt16]) -> String {
    var best = 0..<0
    var start = 0
    for end in 0...groups.count where end == groups.count || groups[end] != 0 {
      if end - start > best.count { best = start..<end }
      start = end + 1
    }
    let hex = groups.map { String($0, radix: 16) }
    if best.count < 2 { return hex.joined(separator: ":") }
    return hex[..<best.lowerBound].joined(separator: ":") + "::" + hex[best.upperBound...].joined(separator: ":")
  }
}

extension IPAddress {
  /// Reads `192.0.2.1`, `2001:db8::1` or `::ffff:192.0.2.1`; nil for anything else.
  package init?(_ text: some StringProtocol) {
    if text.utf8.contains(0x3a) {
      guard let (high, low) = IPAddress.parseIPv6(text) else { return nil }
      self.init(v6High: high, low: low)
    } else {
      guard let value = IPAddress.parseIPv4(text) else { return nil }
      self.init(v4: value)
    }
  }

  private static func parseIPv4(_ text: some StringProtocol) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var value: UInt32 = 0
    for part in parts {
      guard part.utf8.count <= 3, part.utf8.allSatisfy(ASCIISet.digit.contains), let octet = UInt8(part) else { return nil }
      value = value << 8 | UInt32(octet)
    }
    return value
  }

  private static func parseIPv6(_ text: some StringProtocol) -> (UInt64, UInt64)? {
    guard let gap = firstGap(text) else {
      guard let groups = parseGroups(text), groups.count == 8 else { return nil }
      return join(groups)
    }
    guard let front = parseGroups(text[..<gap]), let back = parseGroups(text[text.index(gap, offsetBy: 2)...]),
      front.count + back.count <= 7
    else { return nil }
    return join(front + Array(repeating: 0, count: 8 - front.count - back.count) + back)
  }

  private static func firstGap<Text: StringProtocol>(_ text: Text) -> Text.Index? {
    var previous: Text.Index?
    for index in text.indices {
      if text[index] == ":", let previous, text[previous] == ":" { return previous }
      previous = index
    }
    return nil
  }

  private static func parseGroups(_ text: some StringProtocol) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, let value = parseIPv4(part) {
        groups += [UInt16(truncatingIfNeeded: value >> 16), UInt16(truncatingIfNeeded: value)]
      } else {
        guard part.utf8.count <= 4, part.first != "+", part.first != "-", let group = UInt16(part, radix: 16) else { return nil }
        groups.append(group)
      }
    }
    return groups.count <= 8 ? groups : nil
  }

  private static func join(_ groups: [UInt16]) -> (UInt64, UInt64) {
    let high = groups.prefix(4).reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    let low = groups.dropFirst(4).reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    return (high, low)
  }
}
