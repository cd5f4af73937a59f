// SPDX-License-Identifier: Apache-2.0
import Bytes
import Runtime

/// A server to try, at one address.
struct RelayHost: Equatable, Sendable {
  enum Place: Equatable, Sendable {
    case network(SocketAddress)
    case socket(path: String)
  }

  /// By which it was found.
  var name: String
  var place: Place
  var preference: UInt16 = 0
  /// DNSSEC has proved that it serves the domain; nil where no MX record was asked for.
  var isProved: Bool?

  /// As in `host mx.example.com[192.0.2.1] said`.
  var description: String {
    switch place {
    case .network(let address): "\(name)[\(address)]"
    case .socket(let path): "\(name)[\(path)]"
    }
  }

  /// As in `relay=mx.example.com[192.0.2.1]:25`.
  var relay: String {
    switch place {
    case .network(let address): "\(name)[\(address)]:\(address.port)"
    case .socket(let path): "\(name)[\(path)]"
    }
  }

  /// Found by an MX record, at the port at which mail comes in: if it is ourselves, mail goes in circles.
  var isExchanger: Bool {
    if case .network(let address) = place { isProved != nil && address.port == 25 } else { false }
  }

  var address: IPAddress? {
    if case .network(let address) = place { address.ip } else { nil }
  }
}
