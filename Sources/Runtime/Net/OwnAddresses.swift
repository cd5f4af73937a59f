// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLinux

/// The addresses of this machine.
package enum OwnAddresses {
  private static let capacity = 1024

  package static func all() -> Set<IPAddress> { Set(networks().map(\.address)) }

  /// Each with the number of bits that name its network.
  package static func networks() -> [(address: IPAddress, length: Int)] {
    withUnsafeTemporaryAllocation(of: clinux_address.self, capacity: capacity) { addresses in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { lengths in
        let count = max(0, Int(clinux_own_addresses(addresses.baseAddress, lengths.baseAddress, Int32(addresses.count))))
        return zip(addresses.prefix(count), lengths).compactMap { address, length in SocketAddress(address).ip.map { ($0, Int(length)) } }
      }
    }
  }
}
