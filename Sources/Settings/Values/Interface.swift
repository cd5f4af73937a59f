// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Where to listen.
package enum Interface: Hashable, Sendable {
  case all
  case loopback
  case address(IPAddress)
  /// To be looked up.
  case host(String)
  case unixSocket(String)
}

/// A place to bind a socket to.
package enum ListenAddress: Hashable, Sendable {
  case inet(IPAddress, port: Int)
  /// A host name: bind to every address it has, of the protocols that inet_protocols allows.
  case host(String, port: Int)
  case unix(path: String)
}

extension Interface {
  /// The sockets that this interface means, given inet_protocols.
  package func sockets(port: Int, protocols: [InetProtocol]) -> [ListenAddress] {
    let v4 = protocols.contains(.ipv4)
    let v6 = protocols.contains(.ipv6)
    return switch self {
    case .all: (v4 ? [.inet(.anyV4, port: port)] : []) + (v6 ? [.inet(.anyV6, port: port)] : [])
    case .loopback: (v4 ? [.inet(.loopbackV4, port: port)] : []) + (v6 ? [.inet(.loopbackV6, port: port)] : [])
    case .address(let address): (address.family == .v4 ? v4 : v6) ? [.inet(address, port: port)] : []
    case .host(let name): [.host(name, port: port)]
    case .unixSocket(let path): [.unix(path: path)]
    }
  }
}

package enum InetProtocol: String, CaseIterable, Sendable { case ipv4, ipv6 }
