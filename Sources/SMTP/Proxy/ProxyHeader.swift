// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What a proxy says of the client that it connects for: HAProxy's PROXY protocol, versions 1 and 2 (doc/proxy-protocol.txt there).
package enum ProxyHeader: Equatable, Sendable {
  /// The client and the address it connected to.
  case client(Client.Endpoint, destination: Client.Endpoint)
  /// The proxy speaks for itself (LOCAL, as in a health check), or for a client it cannot name (UNKNOWN, unix sockets): the connection's own ends count.
  case connection

  /// Why bytes are no such header.
  package enum Fault: String, Error {
    case noHeader = "no PROXY protocol header"
    case badLine = "malformed PROXY protocol v1 line"
    case lineTooLong = "PROXY protocol v1 line is too long"
    case badVersion = "unexpected PROXY protocol v2 version or command"
    case badFamily = "unexpected PROXY protocol v2 address family or transport"
    case tooLong = "PROXY protocol v2 header is too long"
    case tooShort = "PROXY protocol v2 addresses are cut short"
    case badTLV = "PROXY protocol v2 field goes beyond its header"
    case badChecksum = "PROXY protocol v2 checksum does not match"
  }

  package enum Progress: Equatable, Sendable {
    case needMore
    /// The header and its length.
    case complete(ProxyHeader, length: Int)
    case failed(Fault)
  }

  /// The longest line of version 1 with its CRLF.
  package static let maximumLineLength = 107
  /// Addresses and fields of version 2 that are read; the protocol lets a sender go up to 65535.
  package static let maximumBodyLength = 16 * 1024

  /// Reads the header at the start of what has arrived. Says as soon as it can that there is none.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Progress {
    if ProxyHeaderV2.mayBegin(bytes) { return ProxyHeaderV2.parse(bytes) }
    return ProxyHeaderV1.parse(bytes)
  }
}
