// SPDX-License-Identifier: Apache-2.0
import Bytes
import CLinux

/// One end of a connection. An IPv4 address that came mapped into IPv6 is an IPv4 address here.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// Nil for a unix socket.
  package let ip: IPAddress?
  package let port: UInt16

  package init(_ ip: IPAddress, port: UInt16) {
    self.ip = ip
    self.port = port
  }

  init(_ raw: clinux_address) {
    switch Int(raw.family) {
    case CLINUX_IPV4: ip = IPAddress(v4: raw.low)
    case CLINUX_IPV6: ip = IPAddress(v6: raw.high, raw.wide)
    default: ip = nil
    }
    port = raw.port
  }

  var raw: clinux_address {
    var raw = clinux_address()
    raw.port = port
    guard let ip else {
      raw.family = UInt8(CLINUX_UNIX)
      return raw
    }
    raw.family = UInt8(ip.family == .v4 ? CLINUX_IPV4 : CLINUX_IPV6)
    raw.low = UInt32(truncatingIfNeeded: ip.low)
    raw.high = ip.high
    raw.wide = ip.low
    return raw
  }

  /// The address alone, without port: `127.0.0.1`, `::1`, or `unix`.
  package var description: String { ip?.description ?? "unix" }
}
