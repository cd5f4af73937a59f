// SPDX-License-Identifier: Apache-2.0
import SMTP
import Tables

/// `virtual_alias_maps`: the addresses that get mail for another, in any domain. As Postfix's cleanup(8).
package struct VirtualAliases: Sendable {
  package struct Limits: Sendable {
    package var expansion = 1000
    package var recursion = 1000
    package var addressLength = 1000
    package init() {}
  }

  package enum Result: Equatable, Sendable {
    case addresses([String])
    /// The tables make no sense, or have no answer now: what the client is told.
    case failed(String)
  }

  private let maps: TableList
  private let limits: Limits
  private let delimiters: String
  private let propagates: Bool
  private let policy: RelayPolicy

  /// `propagates`: `virtual` is in propagate_unmatched_extensions.
  package init(_ maps: TableList, limits: Limits = Limits(), delimiters: String, propagates: Bool, policy: RelayPolicy) {
    self.maps = maps
    self.limits = limits
    self.delimiters = delimiters
    self.propagates = propagates
    self.policy = policy
  }

  package var isEmpty: Bool { maps.isEmpty }
  package var isFailing: Bool { maps.isFailing }

  /// Whether the tables say anything of an address, which is complete.
  package func has(_ address: String) -> Bool { match(address) != nil }

  /// What `address` stands for: itself, if the tables say nothing of it.
  package func expand(_ address: String) -> Result {
    var found = [address]
    // Those that stand for themselves, among others.
    var ended: Set<String> = []
    var index = 0
    while index < found.count {
      if found.count > limits.expansion { return .failed("unreasonable virtual_alias_maps map expansion size for \(address)") }
      var rounds = 0
      while !ended.contains(found[index].lowercased()), let next = replacement(for: found[index]) {
        rounds += 1
        if rounds > limits.recursion { return .failed("unreasonable virtual_alias_maps map nesting for \(address)") }
        if next.contains(where: { $0.utf8.count > limits.addressLength }) { return .failed("unreasonable virtual_alias_maps result for \(address)") }
        guard let first = next.first else { break }
        let replaced = found[index].lowercased()
        if next.contains(where: { $0.lowercased() == replaced }) { ended.insert(replaced) }
        found[index] = first
        found += next.dropFirst()
      }
      index += 1
    }
    if maps.isFailing, found == [address] { return .failed("virtual_alias_maps lookup problem") }
    return .addresses(found)
  }

  /// One look-up; nil if there is nothing. Complete addresses, resolved.
  private func replacement(for address: String) -> [String]? {
    targets(of: address) { policy.resolve($0).address.address }
  }

  /// The same as canonical(5): where an address leads counts for nothing.
  func completeReplacement(for address: String) -> [String]? {
    targets(of: address) { policy.completed($0).address }
  }

  private func targets(of address: String, _ complete: (Mailbox) -> String) -> [String]? {
    guard let match = match(address) else { return nil }
    let (local, domain) = Self.split(address)
    let isStripped = match.key.form == .withoutExtension || match.key.form == .localWithoutExtension
    let base = isStripped && propagates ? AddressKey.split(local, delimiters: delimiters)?.base : nil
    let suffix = base.map { String(local.dropFirst($0.count)) } ?? ""
    return AliasTarget.list(match.value).map { target in
      let text = target.text
      if text.utf8.first == UInt8(ascii: "@") { return "\(local)\(text)" }
      let (name, home) = Self.split(text)
      return complete(Mailbox(localPart: name + suffix, domain: home.isEmpty ? nil : home))
    }.filter { !$0.isEmpty && $0 != "@\(domain)" }
  }

  private func match(_ address: String) -> AddressMatch? {
    guard !maps.isEmpty else { return nil }
    let (local, domain) = Self.split(address)
    let keys =
      policy.isOwnDomain(domain)
      ? AddressKey.mapped(local: local, domain: domain, delimiters: delimiters)
      : AddressKey.virtualMailbox(local: local, domain: domain, delimiters: delimiters)
    return maps.match(address: keys)
  }

  private static func split(_ address: String) -> (local: String, domain: String) {
    guard let at = address.utf8.lastIndex(of: 0x40) else { return (address, "") }
    return (String(address[..<at]), String(address[address.utf8.index(after: at)...]))
  }
}
