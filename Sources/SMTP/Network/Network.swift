// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A network in CIDR notation, as an element of `mynetworks`: `192.0.2.0/24`, `[2001:db8::]/32`, or one address.
package struct Network: Hashable, Sendable, CustomStringConvertible {
  package let address: IPAddress
  package let prefixLength: Int

  /// Why an element of a list of networks cannot be one.
  package enum Fault: Error, Equatable {
    case address(String)
    case prefixLength(String)
    /// Bits beyond the prefix are set: Postfix calls it "non-null host address bits".
    case hostBits(String, suggestion: String)
  }

  package init(_ text: some StringProtocol) throws(Fault) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let bare = Network.withoutBrackets(String(parts.first ?? ""))
    guard let address = IPAddress(bare) else { throw .address(String(text)) }
    self.address = address
    prefixLength = parts.count == 2 ? try Network.parseLength(parts[1], of: address, in: String(text)) : address.bitWidth
    let network = address.masked(to: prefixLength)
    if network != address {
      throw .hostBits(String(text), suggestion: "\(Network.bracketed(network))/\(prefixLength)")
    }
  }

  package func contains(_ other: IPAddress) -> Bool {
    other.isIPv6 == address.isIPv6 && other.masked(to: prefixLength) == address
  }

  package var description: String { "\(Network.bracketed(address))/\(prefixLength)" }

  private static func parseLength(
    _ text: some StringProtocol, of address: IPAddress, in whole: String
  ) throws(Fault) -> Int {
    guard text.utf8.count <= 3, text.utf8.allSatisfy(ASCIISet.digit.contains), let length = Int(text), length <= address.bitWidth
    else { throw .prefixLength(whole) }
    return length
  }

  private static func withoutBrackets(_ text: String) -> String {
    text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
  }

  private static func bracketed(_ address: IPAddress) -> String { address.isIPv6 ? "[\(address)]" : "\(address)" }
}

extension IPAddress {
  /// The address with all bits after the first `length` cleared.
  package func masked(to length: Int) -> IPAddress {
    if !isIPv6 { return IPAddress(v4: UInt32(truncatingIfNeeded: low & IPAddress.mask(length &+ 32))) }
    return IPAddress(unmappedHigh: high & IPAddress.mask(length), low: low & IPAddress.mask(length &- 64))
  }

  /// A mask of the first `length` bits, clamped to 0...64.
  private static func mask(_ length: Int) -> UInt64 {
    length <= 0 ? 0 : length >= 64 ? .max : ~(.max >> UInt64(length))
  }
}
