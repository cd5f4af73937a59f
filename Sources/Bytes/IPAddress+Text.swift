// SPDX-License-Identifier: Apache-2.0

extension IPAddress {
  /// The longest text of an address: eight groups of four digits and seven colons, or with an IPv4 tail.
  package static let maximumTextLength = 45

  /// Parses `192.0.2.1` or `2001:db8::1`; no brackets, no zone, no leading zeros in IPv4.
  package init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let address = text.withUTF8({ IPAddress(ascii: $0) }) else { return nil }
    self = address
  }

  /// The same for bytes. No name begins a search in vain for long: the first letter that no address has ends it.
  package init?(ascii text: UnsafeBufferPointer<UInt8>) {
    guard text.count <= Self.maximumTextLength else { return nil }
    if let bits = Self.parseV4(text) {
      self.init(v4: bits)
    } else {
      guard text.contains(UInt8(ascii: ":")), let (high, low) = Self.parseV6(Array(text)) else { return nil }
      self.init(v6: high, low)
    }
  }

  private static func parseV4(_ text: some Collection<UInt8>) -> UInt32? {
    var (bits, octet, digits, dots) = (0 as UInt32, 0 as UInt32, 0, 0)
    for byte in text {
      switch byte {
      case UInt8(ascii: "."):
        guard digits > 0, dots < 3 else { return nil }
        bits = bits << 8 | octet
        dots += 1
        (octet, digits) = (0, 0)
      case 0x30...0x39:
        // A zero leads only itself.
        guard digits == 0 || octet > 0 else { return nil }
        octet = octet * 10 + UInt32(byte - 0x30)
        digits += 1
        if octet > 255 { return nil }
      default: return nil
      }
    }
    return digits > 0 && dots == 3 ? bits << 8 | octet : nil
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
      if mayEndInV4, index == parts.count - 1, let bits = parseV4(part) {
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
    if family == .v4 { return textV4 }
    let groups = [high, low].flatMap { word in stride(from: 48, through: 0, by: -16).map { word >> UInt64($0) & 0xffff } }
    let text = { (part: ArraySlice<UInt64>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
    guard let run = Self.longestZeroRun(groups) else { return text(groups[...]) }
    return text(groups[..<run.lowerBound]) + "::" + text(groups[run.upperBound...])
  }

  private var textV4: String {
    String(unsafeUninitializedCapacity: 15) { text in
      var count = 0
      for shift in stride(from: 24, through: 0, by: -8) {
        if shift < 24 { Self.append(UInt8(ascii: "."), text, &count) }
        let octet = UInt8(truncatingIfNeeded: low >> UInt64(shift))
        if octet >= 100 { Self.append(0x30 + octet / 100, text, &count) }
        if octet >= 10 { Self.append(0x30 + octet / 10 % 10, text, &count) }
        Self.append(0x30 + octet % 10, text, &count)
      }
      return count
    }
  }

  private static func append(_ byte: UInt8, _ text: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int) {
    text[count] = byte
    count += 1
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

extension UInt16 {
  /// Digits only: `UInt16(_:radix:)` would take a sign.
  fileprivate init?(hexadecimal text: ArraySlice<UInt8>) {
    guard text.first != UInt8(ascii: "+"), text.first != UInt8(ascii: "-") else { return nil }
    self.init(String(decoding: text, as: UTF8.self), radix: 16)
  }
}
