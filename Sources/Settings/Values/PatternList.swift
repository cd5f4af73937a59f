// SPDX-License-Identifier: Apache-2.0
import Bytes
import Tables

/// A list such as mynetworks or mydestination. The first element that matches decides; a `!` before it makes that a no.
package struct PatternList: Sendable {
  package struct Element: Sendable {
    package enum Pattern: Sendable {
      case network(IPNetwork)
      /// In lower case; `.example.com` matches what is below it.
      case name(String)
      case table(TableReference)
    }

    package let pattern: Pattern
    package let isNegated: Bool
  }

  /// What an element stands for besides itself.
  package enum Below: Sendable {
    case nothing
    /// `example.com` is all that is below it too: Postfix's parent_domain_matches_subdomains.
    case parent
    /// `.example.com` is what is below.
    case dotted
  }

  package let elements: [Element]

  package init(_ elements: [Element]) { self.elements = elements }

  package var isEmpty: Bool { elements.isEmpty }

  /// The tables among the elements, in order.
  package var tables: [TableReference] {
    elements.compactMap { if case .table(let reference) = $0.pattern { reference } else { nil } }
  }

  /// The elements as a person would write them, without files and tables: `!10.0.0.0/8`, `[::1]`, `example.com`.
  package var words: [String] {
    elements.compactMap { element in
      let mark = element.isNegated ? "!" : ""
      return switch element.pattern {
      case .network(let network): mark + network.description
      case .name(let name): mark + name
      case .table: nil
      }
    }
  }

  /// `isListed` is asked with the place of a table in `tables`.
  package func contains(_ address: IPAddress, isListed: (Int) -> Bool = { _ in false }) -> Bool {
    matches(isListed) { if case .network(let network) = $0 { network.contains(address) } else { false } }
  }

  /// The name must be in lower case. Whoever answers for tables looks for what is below there.
  package func contains(_ name: String, _ below: Below = .nothing, isListed: (Int) -> Bool = { _ in false }) -> Bool {
    matches(isListed) { pattern in
      guard case .name(let expected) = pattern else { return false }
      return Self.matches(name, expected, below)
    }
  }

  private static func matches(_ name: String, _ expected: String, _ below: Below) -> Bool {
    if name == expected { return true }
    return switch below {
    case .nothing: false
    case .parent: name.hasSuffix("." + expected)
    case .dotted: expected.hasPrefix(".") && name.hasSuffix(expected)
    }
  }

  /// As in Postfix's lists of clients: an element matches by name or by address. The name must be in lower case.
  package func contains(name: String, _ address: IPAddress?, _ below: Below, isListed: (Int) -> Bool = { _ in false }) -> Bool {
    matches(isListed) { pattern in
      switch pattern {
      case .network(let network): address.map(network.contains) ?? false
      case .name(let expected): Self.matches(name, expected, below)
      case .table: false
      }
    }
  }

  private func matches(_ isListed: (Int) -> Bool, _ isMatch: (Element.Pattern) -> Bool) -> Bool {
    var tableIndex = 0
    for element in elements {
      var found = isMatch(element.pattern)
      if case .table = element.pattern {
        found = isListed(tableIndex)
        tableIndex += 1
      }
      if found { return !element.isNegated }
    }
    return false
  }
}
