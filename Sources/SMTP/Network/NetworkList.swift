// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A list as `mynetworks` has it: the first element that matches decides, and `!` turns it round.
package struct NetworkList: Sendable {
  package struct Element: Equatable, Sendable {
    package let network: IPNetwork
    package let isExcluded: Bool

    package init(network: IPNetwork, isExcluded: Bool = false) {
      self.network = network
      self.isExcluded = isExcluded
    }
  }

  private let elements: [Element]
  private let others: (@Sendable (IPAddress) -> Bool)?

  package init(_ elements: [Element] = []) {
    self.elements = elements
    others = nil
  }

  /// For a list with more in it than networks.
  package init(matching matches: @escaping @Sendable (IPAddress) -> Bool) {
    elements = []
    others = matches
  }

  /// Each word is an address or `address/length`, IPv6 perhaps in brackets, maybe after `!`. Nil if one is not.
  package init?(words: [String]) {
    var elements: [Element] = []
    for word in words {
      let isExcluded = word.hasPrefix("!")
      guard let network = IPNetwork(isExcluded ? String(word.dropFirst()) : word) else { return nil }
      elements.append(Element(network: network, isExcluded: isExcluded))
    }
    self.init(elements)
  }

  /// An IPv4-mapped address is looked up as the IPv4 address it stands for.
  package func contains(_ address: IPAddress) -> Bool {
    let address = address.unmapped
    if let others { return others(address) }
    for element in elements where element.network.contains(address) { return !element.isExcluded }
    return false
  }
}
