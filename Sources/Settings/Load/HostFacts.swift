// SPDX-License-Identifier: Apache-2.0

/// What the machine says about itself, for the defaults that depend on it.
package struct HostFacts: Sendable {
  private let values: [String: String]

  /// `hostName` as the system gives it. As Postfix, a name without a domain gets `localdomain`.
  package init(hostName: String, processors: Int = 1) {
    let host = hostName.isEmpty ? "localhost" : hostName
    values = [
      Keys.myhostname.name: host.contains(".") ? host : host + ".localdomain",
      Keys.eventLoops.name: String(max(1, processors)),
    ]
  }

  func value(of name: String) -> String? { values[name] }
}
