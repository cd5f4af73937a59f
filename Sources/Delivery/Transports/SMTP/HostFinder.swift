// SPDX-License-Identifier: Apache-2.0
import Bytes
import IDNA
import Names
import Queue
import Runtime
import SMTP

/// Finds the servers of a next hop, in the order in which they are to be tried. RFC 5321 §5.1, RFC 7505.
struct HostFinder {
  let settings: SMTPClientSettings
  let names: any NameService

  /// More MX records than this are not looked at.
  private static let mostExchangers = 100

  struct Failure: Error, Equatable {
    var reason: Reason
    var isPermanent: Bool { reason.status.hasPrefix("5") }
  }

  func find(_ destination: HopDestination) async -> Result<[RelayHost], Failure> {
    do throws(Failure) {
      switch destination.kind {
      case .socket(let path): return .success([RelayHost(name: settings.hostname, place: .socket(path: path))])
      case .address(let address):
        return .success([RelayHost(name: address.description, place: .network(SocketAddress(address, port: destination.port)))])
      case .host(let name): return .success(try await hosts(of: ascii(name), destination.port))
      case .domain(let name): return .success(try await domain(ascii(name), destination.port))
      }
    } catch {
      return .failure(error)
    }
  }

  /// The Domain Name System knows names in A-labels (RFC 5890 §2.3.2.1).
  private func ascii(_ name: String) -> String { name.utf8.allSatisfy { $0 < 0x80 } ? name : DomainForm.canonical(name) }

  // MARK: MX

  private func domain(_ name: String, _ port: UInt16) async throws(Failure) -> [RelayHost] {
    guard settings.asksForExchangers else { return try await hosts(of: name, port) }
    switch await names.fullAnswer(.mx(name), within: nil) {
    case .success(let answer): return try await exchangers(of: name, answer, port)
    case .failure(.notFound), .failure(.unsupported): return try await hosts(of: name, port)
    case .failure(.filtered): throw Self.filtered(name, "MX")
    case .failure(.temporary):
      if settings.ignoresExchangerFailure { return try await hosts(of: name, port) }
      throw Self.failure(name, "MX", isTemporary: true)
    }
  }

  private func exchangers(of domain: String, _ answer: NameAnswer, _ port: UInt16) async throws(Failure) -> [RelayHost] {
    let records = exchangers(answer.records)
    // RFC 7505 §3: a single record of this kind says that there is no mail for the domain.
    if records.count == 1, records.first?.host == "." {
      throw Failure(reason: Reason(status: "5.1.0", text: "Domain \(domain) does not accept mail (nullMX)"))
    }
    var found: [RelayHost] = []
    var last: Failure?
    for record in records where record.host != "." {
      do throws(Failure) {
        found += try await addresses(of: record.host, port).map { address in
          RelayHost(name: record.host, place: .network(SocketAddress(address, port: port)), preference: record.preference, isProved: answer.isSecure)
        }
      } catch {
        // What may come back counts more than what is not there.
        if last?.isPermanent != false { last = error }
      }
    }
    guard !found.isEmpty else { throw withoutAddress(last ?? Self.failure(domain, "MX", isTemporary: false)) }
    return order(try withoutMyself(found, domain, port))
  }

  private func exchangers(_ records: [NameRecord]) -> [(preference: UInt16, host: String)] {
    let all = records.compactMap { record -> (preference: UInt16, host: String)? in
      if case .exchanger(let preference, let host) = record { (preference, host) } else { nil }
    }
    return Array(all.sorted { $0.preference < $1.preference }.prefix(Self.mostExchangers))
  }

  private func withoutAddress(_ failure: Failure) -> Failure {
    guard failure.isPermanent, settings.defersWithoutAddress else { return failure }
    return Failure(reason: Reason(status: "4" + failure.reason.status.dropFirst(), text: failure.reason.text))
  }

  /// RFC 5321 §5.1: among servers of the same or a worse preference than our own, mail would go in circles. Only at the port at which mail comes in.
  private func withoutMyself(_ hosts: [RelayHost], _ domain: String, _ port: UInt16) throws(Failure) -> [RelayHost] {
    guard port == 25, settings.rules.service == .smtp else { return hosts }
    let own = hosts.filter { $0.address.map(settings.ownAddresses.contains) ?? false }.map(\.preference).min()
    guard let own else { return hosts }
    let better = hosts.filter { $0.preference < own }
    if better.isEmpty { throw Failure(reason: Reason(status: "5.4.6", text: "mail for \(domain) loops back to myself")) }
    return better
  }

  // MARK: addresses

  private func hosts(of name: String, _ port: UInt16) async throws(Failure) -> [RelayHost] {
    let found = try await addresses(of: name, port).map { RelayHost(name: name, place: .network(SocketAddress($0, port: port))) }
    return order(try withoutMyself(found, name, port))
  }

  private func addresses(of name: String, _ port: UInt16) async throws(Failure) -> [IPAddress] {
    if let address = IPAddress(name) { return [address] }
    var found: [IPAddress] = []
    var failure: Failure?
    for family in [IPAddress.Family.v4, .v6] where settings.families.contains(family) {
      switch await names.fullAnswer(family == .v4 ? .a(name) : .aaaa(name), within: nil) {
      case .success(let answer): found += answer.records.compactMap { if case .address(let address) = $0 { address } else { nil } }
      case .failure(.filtered): failure = Self.filtered(name, family == .v4 ? "A" : "AAAA")
      case .failure(let cause):
        let isTemporary = if case .temporary = cause { true } else { false }
        if isTemporary || failure == nil || failure?.isPermanent == true {
          failure = Self.failure(name, family == .v4 ? "A" : "AAAA", isTemporary: isTemporary)
        }
      }
    }
    if found.isEmpty { throw failure ?? Self.failure(name, "A", isTemporary: false) }
    return found
  }

  private static func filtered(_ name: String, _ type: String) -> Failure {
    Failure(reason: Reason(status: "4.7.0", text: "Error looking up name=\(name) type=\(type): DNS reply filter drops all results"))
  }

  private static func failure(_ name: String, _ type: String, isTemporary: Bool) -> Failure {
    let cause = isTemporary ? "Host not found, try again" : "Host not found"
    return Failure(
      reason: Reason(
        status: isTemporary ? "4.4.3" : "5.4.4",
        text: "Host or domain name not found. Name service error for name=\(name) type=\(type): \(cause)"))
  }

  // MARK: order

  /// By preference; equals by chance or as they came, the preferred family first.
  func order(_ hosts: [RelayHost]) -> [RelayHost] {
    let mixed = settings.randomizes ? hosts.shuffled() : hosts
    let sorted = mixed.enumerated().sorted { left, right in
      let keys = ((left.element.preference, rank(left.element), left.offset), (right.element.preference, rank(right.element), right.offset))
      return keys.0 < keys.1
    }.map(\.element)
    return balanced(sorted)
  }

  private func rank(_ host: RelayHost) -> Int {
    switch settings.preference {
    case .any: 0
    case .v4: host.address?.family == .v4 ? 0 : 1
    case .v6: host.address?.family == .v6 ? 0 : 1
    }
  }

  /// As many as may be tried; neither family takes all the places where there are both.
  private func balanced(_ hosts: [RelayHost]) -> [RelayHost] {
    let limit = settings.addressLimit
    guard limit > 0, hosts.count > limit else { return hosts }
    guard settings.balances, limit > 1 else { return Array(hosts.prefix(limit)) }
    var room = [IPAddress.Family.v4: limit, .v6: limit]
    for (one, other) in [(IPAddress.Family.v4, IPAddress.Family.v6), (.v6, .v4)] {
      let count = hosts.count { $0.address?.family == other }
      room[one] = max(limit - count, one == .v4 ? (limit + 1) / 2 : limit / 2)
    }
    var chosen: [RelayHost] = []
    for host in hosts where chosen.count < limit {
      guard let family = host.address?.family, let left = room[family], left > 0 else { continue }
      room[family] = left - 1
      chosen.append(host)
    }
    return chosen
  }
}
