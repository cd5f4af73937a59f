// SPDX-License-Identifier: Apache-2.0
import SMTP
import Tables

/// `alias_maps`: who gets mail for a name of this system. As Postfix's local(8).
package struct LocalAliases: Sendable {
  /// An alias that was found.
  package struct Found: Sendable {
    /// As the table has it, in lower case.
    package let name: String
    package let targets: [AliasTarget]
    /// The file it stands in, where it stands in one.
    package let path: String?
    /// What `owner-name` stands for, or its address: the sender from here on. Nil without such an alias.
    package let owner: String?
    /// The extension of the name that was looked up, if the table has the name without it.
    package let suffix: String
  }

  private let maps: TableList
  private let delimiters: String
  private let propagates: Bool
  private let expandsOwner: Bool
  private let policy: RelayPolicy

  /// `propagates`: `alias` is in propagate_unmatched_extensions. `expandsOwner`: expand_owner_alias.
  package init(_ maps: TableList, delimiters: String, propagates: Bool, expandsOwner: Bool, policy: RelayPolicy) {
    self.maps = maps
    self.delimiters = delimiters
    self.propagates = propagates
    self.expandsOwner = expandsOwner
    self.policy = policy
  }

  package var isEmpty: Bool { maps.isEmpty }
  package var isFailing: Bool { maps.isFailing }

  /// The alias of a local address, by its local part, then by that without its extension.
  package func find(_ address: String) -> Found? {
    guard !maps.isEmpty else { return nil }
    let local = Self.local(of: address)
    if let found = lookUp(local, suffix: "", domain: Self.domain(of: address)) { return found }
    guard let base = AddressKey.split(local, delimiters: delimiters)?.base else { return nil }
    return lookUp(base, suffix: propagates ? String(local.dropFirst(base.count)) : "", domain: Self.domain(of: address))
  }

  private func lookUp(_ name: String, suffix: String, domain: String) -> Found? {
    let name = name.lowercased()
    for table in maps.tables {
      guard let value = table.value(for: name) else { continue }
      return Found(name: name, targets: AliasTarget.list(value), path: table.path, owner: owner(of: name, domain), suffix: suffix)
    }
    return nil
  }

  private func owner(of name: String, _ domain: String) -> String? {
    guard let value = maps.value(for: "owner-\(name)") else { return nil }
    guard expandsOwner, case .address(let address)? = AliasTarget.list(value).first else { return "owner-\(name)@\(domain)" }
    return resolve(address).address
  }

  // MARK: those that are addresses and no more

  /// Where an address leads.
  package struct Destination: Hashable, Sendable {
    package let address: String
    package let isLocal: Bool
    package let isVirtual: Bool
    /// A backslash stands before it: its mailbox, and nothing else.
    package var isFinal = false
  }

  /// All that a local address stands for, if that is other addresses and nothing else; nil if it is no alias, or if the delivery must see to it:
  /// commands, files, further files, lists with an owner.
  package func addresses(of address: String) -> [Destination]? {
    var found: [Destination] = []
    var seen: Set<String> = []
    guard collect(address, &found, &seen, depth: 0) == .expanded, !found.isEmpty else { return nil }
    return found
  }

  private enum Collected { case expanded, isFinal, forDelivery }

  private func collect(_ address: String, _ found: inout [Destination], _ seen: inout Set<String>, depth: Int) -> Collected {
    guard let alias = find(address) else { return .isFinal }
    guard alias.owner == nil, depth < Self.depthLimit, found.count < Self.sizeLimit else { return .forDelivery }
    guard seen.insert(alias.name).inserted else { return .isFinal }
    for target in alias.targets {
      guard case .address(let text) = target else { return .forDelivery }
      let isFinal = text.utf8.first == UInt8(ascii: "\\")
      if text.hasPrefix("~") { return .forDelivery }
      var destination = resolve(Self.adding(alias.suffix, to: isFinal ? String(text.dropFirst()) : text))
      destination.isFinal = isFinal && destination.isLocal
      if destination.isLocal, !isFinal {
        let collected = collect(destination.address, &found, &seen, depth: depth + 1)
        if collected == .forDelivery { return .forDelivery }
        if collected == .expanded { continue }
      }
      if !found.contains(destination) { found.append(destination) }
    }
    return .expanded
  }

  /// Complete, and where it leads.
  package func resolve(_ text: String) -> Destination {
    let resolved = policy.resolve(Mailbox(address: text))
    return Destination(address: resolved.address.address, isLocal: resolved.destination == .local, isVirtual: resolved.destination == .virtual)
  }

  /// Without its extension; nil for a name that has none.
  package func base(of local: String) -> String? { AddressKey.split(local, delimiters: delimiters)?.base }

  package static func adding(_ suffix: String, to address: String) -> String {
    suffix.isEmpty ? address : "\(local(of: address))\(suffix)" + (address.contains("@") ? "@\(domain(of: address))" : "")
  }

  package static func local(of address: String) -> String { address.utf8.lastIndex(of: 0x40).map { String(address[..<$0]) } ?? address }

  package static func domain(of address: String) -> String {
    address.utf8.lastIndex(of: 0x40).map { String(address[$0...].dropFirst()) } ?? ""
  }

  package static let depthLimit = 100
  package static let sizeLimit = 10_000
}
