// SPDX-License-Identifier: Apache-2.0

/// Where a recipient's mail goes next: `transport:nexthop`, as transport(5) has it.
package struct NextHop: Hashable, Sendable, CustomStringConvertible {
  /// `smtp`, `relay`, `lmtp`, `local`, `virtual`, `error`, `retry`, `discard`, or a pipe's name.
  package var transport: String
  /// What the transport makes of it: a domain, `[host]:port`, `unix:path`, the text of an error.
  package var destination: String

  package init(transport: String, destination: String) {
    self.transport = transport
    self.destination = destination
  }

  package var description: String { "\(transport):\(destination)" }

  /// The same for all ways to write one destination: domains are one in any case, paths of sockets are not.
  package var site: NextHop { NextHop(transport: transport, destination: destination.utf8.contains(0x2f) ? destination : destination.lowercased()) }
}
