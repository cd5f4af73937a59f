// SPDX-License-Identifier: Apache-2.0

/// The server that a connection is for.
package struct SecurityTarget: Equatable, Sendable {
  /// The next hop as it is written: `example.com`, `[mail.example.com]:587`, `unix:/path`.
  package var destination: String
  /// Its domain or host, without brackets and port.
  package var domain: String
  /// What the MX records are good for, if they were asked.
  package var exchange: Exchange
  /// The host to connect to, by name.
  package var host: String
  /// Nil for a unix socket.
  package var port: UInt16?

  package enum Exchange: Equatable, Sendable {
    case notAsked
    /// DNSSEC has not proved that the host is for the domain.
    case unproved
    case proved
  }

  package init(destination: String, domain: String, exchange: Exchange, host: String, port: UInt16?) {
    self.destination = destination
    self.domain = domain
    self.exchange = exchange
    self.host = host
    self.port = port
  }
}
