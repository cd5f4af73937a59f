// SPDX-License-Identifier: Apache-2.0

/// A list as `mynetworks` has it: the first element that matches decides, and `!` turns it round.
package struct NetworkList: Equatable, Sendable {
  package struct Element: Equatable, Sendable {
    package let network: Network
    package let isExcluded: Bool
  }

  package private(set) var elements: [Element] = []

  package init() {}

  /// Each word is a network or address, maybe after `!`.
  package init(_ words: [String]) throws(Network.Fault) {
    for word in words {
      let isExcluded = word.hasPrefix("!")
      let network = try Network(isExcluded ? String(word.dropFirst()) : word)
      elements.append(Element(network: network, isExcluded: isExcluded))
    }
  }

  package func contains(_ address: IPAddress) -> Bool {
    for element in elements where element.network.contains(address) { return !element.isExcluded }
    return false
  }
}
