// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address. IPv4 sits in the low 32 bits.
package struct IPAddress: Hashable, Sendable {
  package enum Family: UInt8, Sendable { case v4, v6 }

  package let family: Family
  package let high: UInt64
  package let low: UInt64

  package init(v4 bits: UInt32) {
    self.init(family: .v4, high: 0, low: UInt64(bits))
  }

  package init(v6 high: UInt64, _ low: UInt64) {
    self.init(family: .v6, high: high, low: low)
  }

  private init(family: Family, high: UInt64, low: UInt64) {
    self.family = family
    self.high = high
    self.low = low
  }

  package static let anyV4 = IPAddress(v4: 0)
  package static let anyV6 = IPAddress(v6: 0, 0)
  package static let loopbackV4 = IPAddress(v4: 0x7f00_0001)
  package static let loopbackV6 = IPAddress(v6: 0, 1)

  /// The number of bits an address of this family has.
  package var width: Int { family == .v4 ? 32 : 128 }

  /// RFC 4291 §2.5.5.2: an IPv4-mapped IPv6 address as the IPv4 address it stands for; any other address as it is.
  package var unmapped: IPAddress {
    guard family == .v6, high == 0, low >> 32 == 0xffff else { return self }
    return IPAddress(v4: UInt32(truncatingIfNeeded: low))
  }

  /// The address with all but its first `length` bits cleared; `length` outside 0...width counts as the nearer end.
  package func masked(to length: Int) -> IPAddress {
    switch family {
    case .v4: IPAddress(v4: UInt32(truncatingIfNeeded: low) & Self.mask(UInt32.self, length))
    case .v6:
      IPAddress(v6: high & Self.mask(UInt64.self, length), low & Self.mask(UInt64.self, length - 64))
    }
  }

  private static func mask<Word: FixedWidthInteger>(_ type: Word.Type, _ length: Int) -> Word {
    if length <= 0 { return 0 }
    // Swift's smart shift: a shift by the whole width gives 0.
    return length >= Word.bitWidth ? ~0 : ~(~0 as Word >> Word(length))
  }
}
