// SPDX-License-Identifier: Apache-2.0
import Queue

/// `transport:nexthop`, as it is written in settings and tables; either may be missing.
package struct TransportText: Equatable, Sendable {
  package let transport: String
  package let nexthop: String

  package init(_ text: String) {
    let name = text.prefix { $0 != ":" }
    transport = String(name)
    nexthop = String(text.dropFirst(name.count + 1).drop { $0 == " " })
  }
}
