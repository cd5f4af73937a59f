// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Whom to ask.
package struct ResolverConfiguration: Equatable, Sendable {
  /// A name server that looks up for others.
  package struct Server: Hashable, Sendable, CustomStringConvertible {
    package let address: IPAddress
    package let port: UInt16
    /// The interface of a link-local address, as resolv.conf has it: `fe80::1%eth0`.
    package let zone: String

    package init(_ address: IPAddress, port: UInt16 = 53, zone: String = "") {
      self.address = address
      self.port = port
      self.zone = zone
    }

    /// `192.0.2.1` or `192.0.2.1@5353`.
    package var description: String { "\(address)" + (zone.isEmpty ? "" : "%\(zone)") + (port == 53 ? "" : "@\(port)") }
  }

  /// In the order in which they are asked; none means to ask the servers of each zone, from the root on.
  package var servers: [Server]
  /// How long one server is waited for.
  package var timeout: Duration
  /// Who serves the root, where `servers` is empty; none for those of the Internet.
  package var rootServers: [Server] = []
  package var proof = Proof.never
  /// DS or DNSKEY records, from which proofs begin (RFC 4033 §2).
  package var trustAnchors: [String] = []

  /// Whether answers are to be proved by DNSSEC (RFC 4035 §5).
  package enum Proof: Sendable {
    case never
    /// Where the name server passes on what proves them.
    case whereItCanBe
    case always
  }

  package init(servers: [Server], timeout: Duration = .seconds(5)) {
    self.servers = servers
    self.timeout = timeout
  }

  package static let recursive = ResolverConfiguration(servers: [])
}

extension ResolverConfiguration {
  /// As the libc: three servers count.
  private static let maximumServers = 3
  private static let maximumTimeout = 30

  /// Reads /etc/resolv.conf: its `nameserver` lines in order, and `options timeout:`. Without a server the local one is asked, as the libc does.
  ///
  /// `search`, `domain` and `ndots` are for people who type names; a name in mail is complete.
  package init(resolvConf text: String) {
    self.init(servers: [])
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      guard let first = words.first, words.count > 1 else { continue }
      switch first {
      case "nameserver": if servers.count < Self.maximumServers, let server = Server(words[1]) { servers.append(server) }
      case "options": words.dropFirst().forEach { take(option: $0) }
      default: continue
      }
    }
    if servers.isEmpty { servers = [Server(.loopbackV4)] }
  }

  private mutating func take(option: String) {
    guard option.hasPrefix("timeout:"), let seconds = Int(option.dropFirst(8)) else { return }
    timeout = .seconds(min(max(seconds, 1), Self.maximumTimeout))
  }
}

extension ResolverConfiguration.Server {
  /// `address`, `address@port` or `address%interface`.
  package init?(_ text: String) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let place = (parts.first ?? "").split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = place.first, let address = IPAddress(name) else { return nil }
    let zone = place.count > 1 ? String(place[1]) : ""
    guard zone.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
    guard parts.count > 1 else {
      self.init(address, zone: zone)
      return
    }
    guard let port = UInt16(parts[1]), port > 0, parts[1].utf8.first != UInt8(ascii: "+") else { return nil }
    self.init(address, port: port, zone: zone)
  }
}
