// SPDX-License-Identifier: Apache-2.0

/// Domains as `mydestination` lists them: plain names, or whatever a table or a `!` makes of it.
package struct DomainList: Sendable {
  private let names: Set<String>
  private let others: (@Sendable (String) -> Bool)?

  /// Compared without case, and without dots at the end.
  package init(_ names: some Sequence<String> = []) {
    self.names = Set(names.map(RelayPolicy.canonical))
    others = nil
  }

  /// `matches` is asked with a domain in its canonical form.
  package init(matching matches: @escaping @Sendable (String) -> Bool) {
    names = []
    others = matches
  }

  package var isEmpty: Bool { names.isEmpty && others == nil }

  package func contains(_ domain: String) -> Bool {
    let name = RelayPolicy.canonical(domain)
    return others?(name) ?? names.contains(name)
  }
}
