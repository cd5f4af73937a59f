// SPDX-License-Identifier: Apache-2.0
import Message
import Queue
import Tables

/// What becomes of the recipients of a message before it goes into the spool: copies are added, virtual aliases and simple local ones are replaced by what they
/// stand for. The last step of all, after the stages: Postfix's cleanup(8).
package struct EnvelopeExpansion: Sendable {
  package enum Result: Equatable, Sendable {
    case recipients([Recipient])
    /// What the log is told; the client is asked to try again.
    case failed(String)
  }

  /// `always_bcc`, `sender_bcc_maps`, `recipient_bcc_maps`.
  package struct Copies: Sendable {
    package var always = ""
    package var bySender = TableList([])
    package var byRecipient = TableList([])
    package var delimiters = ""

    package init() {}

    var isEmpty: Bool { always.isEmpty && bySender.isEmpty && byRecipient.isEmpty }
  }

  private let virtual: VirtualAliases
  private let local: LocalAliases
  private let copies: Copies
  private let canonical: CanonicalAddresses

  package init(
    virtual: VirtualAliases, local: LocalAliases, copies: Copies = Copies(),
    canonical: CanonicalAddresses = CanonicalAddresses([], Masquerade([], []))
  ) {
    self.canonical = canonical
    self.virtual = virtual
    self.local = local
    self.copies = copies
  }

  /// Whether it leaves every message as it is.
  package var isIdle: Bool { virtual.isEmpty && local.isEmpty && copies.isEmpty && canonical.isIdle }

  /// `wantsCopies`: the message has just come in, and is none of Weir's own.
  package func expand(_ recipients: [Recipient], sender: String, wantsCopies: Bool) -> Result {
    var result: [Recipient] = []
    var seen: Set<Recipient.Identity> = []
    var whom = recipients
    if !canonical.isIdle {
      switch canonicalized(recipients) {
      case .failed(let reason): return .failed(reason)
      case .recipients(let changed): whom = changed
      }
    }
    let keys = zip(recipients, whom).map { $0.address != $1.address || $0.original.isEmpty ? $1.address : $0.original }
    let given = whom + (wantsCopies && !copies.isEmpty ? self.copies(of: keys, sender: sender) : [])
    for recipient in given {
      switch expand(recipient) {
      case .failed(let reason): return .failed(reason)
      case .recipients(let expanded): for one in recipient.noticing(expanded.unique) where seen.insert(one.identity).inserted { result.append(one) }
      }
    }
    return .recipients(result)
  }

  private func expand(_ recipient: Recipient) -> Result {
    if virtual.isEmpty && local.isEmpty || recipient.isFinal { return .recipients([recipient]) }
    switch virtual.expand(recipient.address) {
    case .failed(let reason): return .failed(reason)
    case .addresses(let addresses): return .recipients(addresses.flatMap { expandLocal($0, for: recipient) })
    }
  }

  private func expandLocal(_ address: String, for recipient: Recipient) -> [Recipient] {
    let destination = address == recipient.address ? nil : local.resolve(address)
    var one = recipient
    one.address = destination?.address ?? address
    if let destination { one.route = Recipient.Route(destination) }
    guard one.route == .local, !one.isExpanded, !one.isFinal else { return [one] }
    guard let others = local.addresses(of: one.address) else {
      one.isAlias = local.find(one.address) != nil
      return [one]
    }
    return others.flatMap { other in
      var copy = one
      copy.address = other.address
      copy.route = Recipient.Route(other)
      copy.isExpanded = true
      copy.isFinal = other.isFinal
      // Addresses elsewhere may be virtual aliases; those of ours have been looked up.
      guard !other.isLocal, case .addresses(let addresses) = virtual.expand(other.address), addresses != [other.address] else { return [copy] }
      return addresses.map { address in
        let end = local.resolve(address)
        copy.address = end.address
        copy.route = Recipient.Route(end)
        return copy
      }
    }
  }

  /// `canonical_maps` and the like. The copies that are added come after it.
  private func canonicalized(_ recipients: [Recipient]) -> Result {
    var changed = recipients
    for index in changed.indices where !changed[index].isFinal {
      switch canonical.address(for: PlacedAddress(changed[index].address, .envelopeRecipient)) {
      case .failed(let reason): return .failed(reason)
      case .address(let address):
        if address == changed[index].address { continue }
        let end = local.resolve(address)
        changed[index].address = end.address
        changed[index].route = Recipient.Route(end)
      }
    }
    return .recipients(changed)
  }

  // MARK: copies

  /// A copy is nobody's business: no report is sent about it.
  private func copies(of recipients: [String], sender: String) -> [Recipient] {
    var addresses: [String] = copies.always.isEmpty ? [] : [copies.always]
    if let copy = lookUp(sender, copies.bySender) { addresses.append(copy) }
    for recipient in recipients {
      if let copy = lookUp(recipient, copies.byRecipient) { addresses.append(copy) }
    }
    return addresses.map { address in
      let end = local.resolve(address)
      return Recipient(address: end.address, original: end.address, route: Recipient.Route(end), notify: .never)
    }
  }

  private func lookUp(_ address: String, _ tables: TableList) -> String? {
    guard !tables.isEmpty, !address.isEmpty else { return nil }
    let whole = local.resolve(address)
    let (name, domain) = (LocalAliases.local(of: whole.address), LocalAliases.domain(of: whole.address))
    let keys =
      whole.isLocal
      ? AddressKey.mapped(local: name, domain: domain, delimiters: copies.delimiters)
      : AddressKey.virtualMailbox(local: name, domain: domain, delimiters: copies.delimiters)
    return tables.match(address: keys)?.value
  }
}

extension Recipient.Route {
  package init(_ destination: LocalAliases.Destination) { self = destination.isLocal ? .local : destination.isVirtual ? .virtual : .remote }
}
