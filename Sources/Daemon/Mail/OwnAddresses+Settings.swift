// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime
import Settings

extension Setup {
  /// The addresses by which this machine is known: `user@[address]` is local mail. As Postfix: inet_interfaces and proxy_interfaces.
  func ownAddresses() -> Set<IPAddress> {
    var addresses = Set(configuration[Keys.proxyInterfaces].words.compactMap { IPAddress($0.filter { $0 != "[" && $0 != "]" }) })
    for interface in configuration[Keys.inetInterfaces] {
      switch interface {
      case .address(.anyV4), .address(.anyV6), .all, .host: addresses.formUnion(OwnAddresses.all())
      case .loopback: addresses.formUnion([.loopbackV4, .loopbackV6])
      case .address(let address): addresses.insert(address)
      case .unixSocket: break
      }
    }
    return addresses
  }
}
