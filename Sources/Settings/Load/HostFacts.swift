// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the machine says about itself, for the defaults that depend on it.
package struct HostFacts: Sendable {
  private let values: [String: String]
  /// The addresses of the machine, and how many bits of each name its network.
  let interfaces: [(address: IPAddress, length: Int)]

  /// `hostName` as the system gives it. As Postfix, a name without a domain gets `localdomain`.
  package init(hostName: String, processors: Int = 1, interfaces: [(address: IPAddress, length: Int)] = []) {
    self.interfaces = interfaces
    let host = hostName.isEmpty ? "localhost" : hostName
    values = [
      Keys.myhostname.name: host.contains(".") ? host : host + ".localdomain",
      Keys.eventLoops.name: String(max(1, processors)),
    ]
  }

  func value(of name: String) -> String? { values[name] }
}
