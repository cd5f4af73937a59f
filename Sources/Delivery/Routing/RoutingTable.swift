// SPDX-License-Identifier: Apache-2.0
import IDNA
import Tables

/// `transport_maps`, as transport(5) has them.
struct RoutingTable: Sendable {
  let tables: TableList
  let delimiters: String
  /// `transport_maps` is in parent_domain_matches_subdomains.
  let domainsMatchSubdomains: Bool

  /// What the table says of an address; nil if it says nothing.
  ///
  /// `user+extension@domain`, `user@domain`, `domain`, `.parent` for each parent, `*`. Patterns are asked for the whole address alone.
  func value(for address: String) -> String? {
    guard !tables.isEmpty else { return nil }
    let at = address.utf8.lastIndex(of: 0x40) ?? address.endIndex
    let (local, domain) = (String(address[..<at]), String(address[at...].dropFirst()))
    for (index, name) in DomainForm.keys(domain).enumerated() {
      let whole = "\(local)@\(name)"
      if let value = index == 0 ? tables.value(for: whole) : partial(whole) { return value }
    }
    if let base = AddressKey.split(local, delimiters: delimiters)?.base {
      for name in DomainForm.keys(domain) { if let value = partial("\(base)@\(name)") { return value } }
    }
    for name in DomainForm.keys(domain) { if let value = value(forDomain: name) { return value } }
    return partial("*")
  }

  private func value(forDomain domain: String) -> String? {
    var name = Substring(domain)
    while !name.isEmpty {
      if let value = partial(String(name)) { return value }
      guard let dot = name.dropFirst().firstIndex(of: ".") else { return nil }
      name = domainsMatchSubdomains ? name[name.index(after: dot)...] : name[dot...]
    }
    return nil
  }

  private func partial(_ key: String) -> String? { tables.value(forPart: key) }
}

extension TableList {
  /// What the tables say to a part of an address: never asked of patterns.
  package func value(forPart key: String) -> String? {
    for table in tables where !table.isPattern {
      if let value = table.value(for: key) { return value }
    }
    return nil
  }
}
