// SPDX-License-Identifier: Apache-2.0
import Message
import SMTP

/// `canonical_maps`, those for senders and recipients alone, and `masquerade_domains`: what addresses are turned into when a message comes in. As Postfix's
/// cleanup(8).
package struct CanonicalAddresses: Sendable {
  package struct Map: Sendable {
    let title: String
    let tables: VirtualAliases
    let places: Set<AddressPlace>

    package init(_ title: String, _ tables: VirtualAliases, _ places: Set<AddressPlace>) {
      self.title = title
      self.tables = tables
      self.places = places
    }
  }

  package enum Result: Equatable, Sendable {
    case address(String)
    /// What the log is told; the client is asked to try again.
    case failed(String)
  }

  private let maps: [Map]
  private let masquerade: Masquerade

  /// What is found is looked up again so often.
  private static let rounds = 10

  /// The maps are asked in their order, each for what the one before has made.
  package init(_ maps: [Map], _ masquerade: Masquerade) {
    self.maps = maps.filter { !$0.tables.isEmpty }
    self.masquerade = masquerade
  }

  /// Whether it leaves every address as it is.
  package var isIdle: Bool { maps.isEmpty && masquerade.isEmpty }

  /// Whether a recipient is known because a table for recipients has it.
  package func knows(recipient address: String) -> Bool { maps.contains { $0.title != "sender_canonical_maps" && $0.tables.has(address) } }

  package func address(for given: PlacedAddress) -> Result {
    var address = given.text
    if address.isEmpty { return .address("") }
    for map in maps where map.places.contains(given.place) {
      switch look(up: address, in: map) {
      case .address(let found): address = found
      case .failed(let cause): return .failed(cause)
      }
    }
    return .address(masquerade.places.contains(given.place) ? masquerade.address(for: address) : address)
  }

  private func look(up address: String, in map: Map) -> Result {
    var address = address
    for _ in 0..<Self.rounds {
      guard let next = map.tables.completeReplacement(for: address)?.first else {
        return map.tables.isFailing ? .failed("\(map.title) map lookup problem for \(address)") : .address(address)
      }
      if next.lowercased() == address.lowercased() { return .address(next) }
      address = next
    }
    return .failed("unreasonable \(map.title) map nesting for \(address)")
  }
}

/// `masquerade_domains`: hosts below a domain are hidden.
package struct Masquerade: Sendable {
  private let domains: [(name: String, hides: Bool)]
  fileprivate let places: Set<AddressPlace>
  private let isException: @Sendable (String) -> Bool

  /// As in the setting: a `!` before a domain takes it out.
  package init(_ domains: [String], _ places: Set<AddressPlace>, isException: @escaping @Sendable (String) -> Bool = { _ in false }) {
    self.domains = domains.map { word in
      let marks = word.prefix { $0 == "!" }.count
      return (word.dropFirst(marks).lowercased(), marks % 2 == 0)
    }
    self.places = places
    self.isException = isException
  }

  var isEmpty: Bool { domains.isEmpty }

  func address(for address: String) -> String {
    guard let at = address.utf8.lastIndex(of: 0x40), !isException(address[..<at].lowercased()) else { return address }
    let domain = address[address.utf8.index(after: at)...].lowercased()
    guard let found = domains.first(where: { domain == $0.name || domain.hasSuffix("." + $0.name) }), found.hides, domain != found.name else {
      return address
    }
    return "\(address[..<at])@\(found.name)"
  }
}
