// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Who is at the other end, as far as the connection tells.
package final class Client: Sendable {
  /// Nil when the peer is on a unix socket.
  package let address: IPAddress?
  /// The verified host name, or `unknown`; `local` on a unix socket.
  package let name: String
  package let port: UInt16

  package init(address: IPAddress?, name: String = "unknown", port: UInt16 = 0) {
    self.address = address
    self.name = name
    self.port = port
  }

  /// The address as log lines and replies write it, without brackets.
  package var addressText: String { address.map(\.description) ?? "local" }

  /// `name[address]`, as in every log line of Postfix's smtpd.
  package var description: String { "\(name)[\(addressText)]" }
}
