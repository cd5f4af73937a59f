// SPDX-License-Identifier: Apache-2.0
import Bytes
import Tables

/// What the machine says about itself, for the defaults that depend on it.
package struct HostFacts: Sendable {
  private let values: [String: String]
  /// The addresses of the machine, and how many bits of each name its network.
  let interfaces: [(address: IPAddress, length: Int)]
  /// Makes the tables that plugins answer for; nil where there are none.
  let externals: (any ExternalTables)?

  /// `hostName` as the system gives it. As Postfix, a name without a domain gets `localdomain`.
  package init(hostName: String, processors: Int = 1, interfaces: [(address: IPAddress, length: Int)] = [], externals: (any ExternalTables)? = nil) {
    self.externals = externals
    self.interfaces = interfaces
    let host = hostName.isEmpty ? "localhost" : hostName
    values = [
      Keys.myhostname.name: host.contains(".") ? host : host + ".localdomain",
      Keys.eventLoops.name: String(max(1, processors)),
    ]
  }

  func value(of name: String) -> String? { values[name] }
}
