// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A list such as mynetworks or mydestination. The first element that matches decides; a `!` before it makes that a no.
package struct PatternList: Sendable {
  package struct Element: Sendable {
    package enum Pattern: Equatable, Sendable {
      case network(IPNetwork)
      /// In lower case.
      case name(String)
    }

    package let pattern: Pattern
    package let isNegated: Bool
  }

  package let elements: [Element]

  package init(_ elements: [Element]) { self.elements = elements }

  package var isEmpty: Bool { elements.isEmpty }

  /// The elements as a person would write them, without files and tables: `!10.0.0.0/8`, `[::1]`, `example.com`.
  package var words: [String] {
    elements.map { element in
      let mark = element.isNegated ? "!" : ""
      return switch element.pattern {
      case .network(let network): mark + network.description
      case .name(let name): mark + name
      }
    }
  }

  package func contains(_ address: IPAddress) -> Bool {
    matches { if case .network(let network) = $0 { network.contains(address) } else { false } }
  }

  /// The name must be in lower case.
  package func contains(_ name: String) -> Bool {
    matches { $0 == .name(name) }
  }

  private func matches(_ isMatch: (Element.Pattern) -> Bool) -> Bool {
    elements.first { isMatch($0.pattern) }.map { !$0.isNegated } ?? false
  }
}
