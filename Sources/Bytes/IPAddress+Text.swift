// SPDX-License-Identifier: Apache-2.0

extension IPAddress {
  /// The longest text of an address: eight groups of four digits and seven colons, or with an IPv4 tail.
  package static let maximumTextLength = 45

  /// Parses `192.0.2.1` or `2001:db8::1`; no brackets, no zone, no leading zeros in IPv4.
  package init?(_ text: some StringProtocol) {
    guard text.utf8.count <= Self.maximumTextLength else { return nil }
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let (high, low) = Self.parseV6(Array(text.utf8)) else { return nil }
      self.init(v6: high, low)
    } else {
      guard let bits = Self.parseV4(Array(text.utf8)) else { return nil }
      self.init(v4: bits)
    }
  }

  private static func parseV4(_ text: [UInt8]) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard let octet = parseOctet(part) else { return nil }
      bits = bits << 8 | UInt32(octet)
    }
    return bits
  }

  private static func parseOctet(_ text: ArraySlice<UInt8>) -> UInt8? {
    guard (1...3).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    if text.count > 1, text.first == UInt8(ascii: "0") { return nil }
    return UInt8(text.reduce(0) { $0 * 10 + Int($1 - 0x30) } as Int, within: 0...255)
  }

  /// RFC 4291 §2.2: eight groups, one `::` for a run of zeros, the last 32 bits perhaps in IPv4 form.
  private static func parseV6(_ text: [UInt8]) -> (UInt64, UInt64)? {
    guard let gap = firstGap(text) else {
      guard let groups = parseGroups(text[...]), groups.count == 8 else { return nil }
      return words(groups)
    }
    let tail = text[(gap + 2)...]
    guard firstGap(Array(tail)) == nil, let left = parseGroups(text[..<gap], mayEndInV4: false), let right = parseGroups(tail) else { return nil }
    let missing = 8 - left.count - right.count
    return missing < 1 ? nil : words(left + Array(repeating: 0, count: missing) + right)
  }

  private static func firstGap(_ text: [UInt8]) -> Int? {
    zip(text, text.dropFirst()).enumerated().first { $0.element == (0x3a, 0x3a) }?.offset
  }

  private static func parseGroups(_ text: ArraySlice<UInt8>, mayEndInV4: Bool = true) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if mayEndInV4, index == parts.count - 1, let bits = parseV4(Array(part)) {
        groups += [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
      } else if (1...4).contains(part.count), let group = UInt16(hexadecimal: part) {
        groups.append(group)
      } else {
        return nil
      }
    }
    return groups.count <= 8 ? groups : nil
  }

  private static func words(_ groups: [UInt16]) -> (UInt64, UInt64) {
    let word = { (part: ArraySlice<UInt16>) in part.reduce(0 as UInt64) { $0 << 16 | UInt64($1) } }
    return (word(groups.prefix(4)), word(groups.suffix(4)))
  }
}

extension IPAddress: CustomStringConvertible {
  /// RFC 5952 §4 for IPv6: lower case, no leading zeros, the longest run of zeros as `::`.
  package var description: String {
    if family == .v4 { return stride(from: 24, through: 0, by: -8).map { String(low >> UInt64($0) & 0xff) }.joined(separator: ".") }
    let groups = [high, low].flatMap { word in stride(from: 48, through: 0, by: -16).map { word >> UInt64($0) & 0xffff } }
    let text = { (part: ArraySlice<UInt64>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
    guard let run = Self.longestZeroRun(groups) else { return text(groups[...]) }
    return text(groups[..<run.lowerBound]) + "::" + text(groups[run.upperBound...])
  }

  private static func longestZeroRun(_ groups: [UInt64]) -> Range<Int>? {
    var best = 0..<1
    var start: Int?
    for (index, group) in (groups + [1]).enumerated() {
      if group == 0 {
        start = start ?? index
      } else if let begin = start {
        if index - begin > best.count { best = begin..<index }
        start = nil
      }
    }
    return best.count > 1 ? best : nil
  }
}

extension UInt8 {
  fileprivate init?(_ value: Int, within range: ClosedRange<Int>) {
    guard range.contains(value) else { return nil }
    self.init(truncatingIfNeeded: value)
  }
}

extension UInt16 {
  /// Digits only: `UInt16(_:radix:)` would take a sign.
  fileprivate init?(hexadecimal text: ArraySlice<UInt8>) {
    guard text.first != UInt8(ascii: "+"), text.first != UInt8(ascii: "-") else { return nil }
    self.init(String(decoding: text, as: UTF8.self), radix: 16)
  }
}
