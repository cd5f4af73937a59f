// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLinux

/// The addresses of this machine.
package enum OwnAddresses {
  private static let capacity = 1024

  package static func all() -> Set<IPAddress> {
    withUnsafeTemporaryAllocation(of: clinux_address.self, capacity: capacity) { buffer in
      let count = clinux_own_addresses(buffer.baseAddress, Int32(buffer.count))
      return Set(buffer.prefix(max(0, Int(count))).compactMap { SocketAddress($0).ip })
    }
  }
}
