// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// Begins connections. The first write or read waits until they stand.
package enum ConnectingSocket {
  package static func open(_ address: SocketAddress, from source: SocketAddress? = nil) throws(SystemError) -> Int32 {
    var raw = address.raw
    guard let source else { return try SystemError.check(clinux_connect_ip(&raw, nil), "connect to \(address) port \(address.port)") }
    var local = source.raw
    return try SystemError.check(clinux_connect_ip(&raw, &local), "connect to \(address) port \(address.port) from \(source)")
  }

  /// For datagrams to and from this address alone.
  static func openDatagrams(_ address: SocketAddress) throws(SystemError) -> Int32 {
    var raw = address.raw
    return try SystemError.check(clinux_connect_udp(&raw), "connect to \(address) port \(address.port)")
  }

  package static func open(path: String) throws(SystemError) -> Int32 {
    try SystemError.check(clinux_connect_unix(path), "connect to \(path)")
  }
}

/// Unix sockets that take datagrams.
package enum UnixDatagrams {
  /// Whether anybody listens at `path`.
  package static func hasReceiver(_ path: String) -> Bool {
    let descriptor = clinux_connect_datagrams(path)
    if descriptor >= 0 { closeDescriptor(descriptor) }
    return descriptor >= 0
  }
}

/// Two connected unix sockets.
package struct SocketPair: Sendable {
  package let left: Int32
  package let right: Int32

  package init() throws(SystemError) {
    var pair: (Int32, Int32) = (-1, -1)
    _ = try SystemError.check(clinux_socket_pair(&pair.0, &pair.1), "socketpair")
    (left, right) = pair
  }
}
