// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What /etc/hosts says: hosts(5).
package struct HostsFile: Equatable, Sendable {
  private var addresses: [String: [IPAddress]] = [:]
  private var names: [IPAddress: String] = [:]

  package init() {}

  /// Lines that make no sense are passed over, as the libc does.
  package init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let first = words.first, let address = IPAddress(first), let name = words.dropFirst().first else { continue }
      // The first line for an address gives its name; each name has all addresses of its lines.
      if names[address] == nil { names[address] = String(name) }
      for alias in words.dropFirst() { add(address, to: alias.lowercased()) }
    }
  }

  private mutating func add(_ address: IPAddress, to name: String) {
    if addresses[name]?.contains(address) != true { addresses[name, default: []].append(address) }
  }

  /// The answer, where the file has one, which may be that there is none; other questions are for the Domain Name System.
  package func answer(_ query: NameQuery) -> [NameRecord]? {
    switch query {
    case .a(let name): addresses(of: name, .v4)
    case .aaaa(let name): addresses(of: name, .v6)
    case .ptr(let address): names[address].map { [.pointer($0)] }
    case .mx, .txt, .ns, .soa, .tlsa: nil
    }
  }

  /// Of a host that is in the file, nothing else is asked: as for the libc, it has no other addresses than those.
  private func addresses(of name: String, _ family: IPAddress.Family) -> [NameRecord]? {
    if addresses.isEmpty { return nil }
    return addresses[name.lowercased()]?.filter { $0.family == family }.map(NameRecord.address)
  }
}
