// SPDX-License-Identifier: Apache-2.0

/// A block of addresses: `10.0.0.0/8`, `[2001:db8::]/32`, or a single address.
package struct IPNetwork: Hashable, Sendable {
  package let address: IPAddress
  /// 0 to the width of the address.
  package let length: Int

  /// Nil if `length` does not fit the family or the address has bits set after it.
  package init?(_ address: IPAddress, length: Int) {
    guard (0...address.width).contains(length), address.masked(to: length) == address else { return nil }
    self.address = address
    self.length = length
  }

  /// The network of one address.
  package init(_ address: IPAddress) {
    self.address = address
    length = address.width
  }

  package func contains(_ candidate: IPAddress) -> Bool {
    candidate.family == address.family && candidate.masked(to: length) == address
  }
}

extension IPNetwork: CustomStringConvertible {
  package var description: String {
    let text = address.family == .v6 ? "[\(address)]" : "\(address)"
    return length == address.width ? text : "\(text)/\(length)"
  }
}

extension IPNetwork {
  /// Parses `10.0.0.0/8`, `[2001:db8::]/32` or a single address; nil also when bits are set after the prefix.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first else { return nil }
    let isBracketed = first.hasPrefix("[") && first.hasSuffix("]")
    guard let address = IPAddress(isBracketed ? String(first.dropFirst().dropLast()) : String(first)) else { return nil }
    guard parts.count == 2 else {
      self.init(address)
      return
    }
    guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]) else {
      return nil
    }
    self.init(address, length: length)
  }
}
