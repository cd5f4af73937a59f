// SPDX-License-Identifier: Apache-2.0
import Bytes
import IDNA

extension RelayPolicy {
  /// What an address stands for.
  package struct Resolution: Equatable, Sendable {
    /// The domain is in the case in which it was written.
    package let address: Mailbox
    package let destination: Destination

    package init(address: Mailbox, destination: Destination) {
      self.address = address
      self.destination = destination
    }
  }

  /// Completes and unwraps an address as Postfix's trivial-rewrite does: while its domain is ours, what the local part
  /// says (`user%domain`, `host!user`, `user@domain` in quotes) counts.
  package func resolve(_ mailbox: Mailbox) -> Resolution {
    var current = whole(mailbox)
    // Each round takes a routing operator away, so the rounds are bounded by the length of the address.
    while isLocal(current), follows(current.localPart), let inner = unwrapped(current.localPart) { current = whole(inner) }
    if isLocal(current) { return Resolution(address: current, destination: .local) }
    let isVirtual = virtualMailboxDomains.contains(current.domain ?? "")
    return Resolution(address: current, destination: isVirtual ? .virtual : .remote)
  }

  private func follows(_ localPart: String) -> Bool { resolveDequotedAddress || !localPart.utf8.contains(0x40) }

  func hasRoutingOperator(_ localPart: String) -> Bool { route(localPart) != nil }

  /// `append_at_myorigin` and `append_dot_mydomain`. A route in an address without a domain is followed.
  private func complete(_ mailbox: Mailbox) -> Mailbox {
    guard let domain = mailbox.domain else {
      if let inner = unwrapped(mailbox.localPart) { return complete(inner) }
      return Mailbox(localPart: mailbox.localPart, domain: myorigin)
    }
    if !appendDotMydomain || domain.utf8.contains(UInt8(ascii: ".")) || domain.utf8.first == UInt8(ascii: "[") { return mailbox }
    return Mailbox(localPart: mailbox.localPart, domain: "\(domain).\(mydomain)")
  }

  /// The same address with a domain.
  package func completed(_ mailbox: Mailbox) -> Mailbox { complete(mailbox) }

  /// The path that a message is returned to.
  package func completedSender(_ path: ReversePath) -> ReversePath {
    guard case .mailbox(let mailbox) = path else { return .null }
    return ReversePath.mailbox(complete(mailbox))
  }

  private func whole(_ mailbox: Mailbox) -> Mailbox {
    let whole = complete(mailbox)
    return Mailbox(localPart: whole.localPart, domain: whole.domain.map(DomainForm.written).map(bracketed))
  }

  /// `resolve_numeric_domain`: no other setting lets such a domain in.
  private func bracketed(_ domain: String) -> String {
    guard let last = domain.utf8.last, ASCIISet.digit.contains(last), !domain.hasPrefix("["), IPAddress(domain) != nil else { return domain }
    return "[\(domain)]"
  }

  private func isLocal(_ mailbox: Mailbox) -> Bool {
    guard let domain = mailbox.domain else { return true }
    if mydestination.contains(domain) { return true }
    guard domain.utf8.first == UInt8(ascii: "["), domain.utf8.last == UInt8(ascii: "]") else { return false }
    return literalAddress(domain.dropFirst().dropLast()).map(ownAddresses.contains) ?? false
  }

  /// RFC 5321 §4.1.3: `IPv6-address-literal = "IPv6:" IPv6-addr`
  private func literalAddress(_ text: Substring) -> IPAddress? {
    IPAddress(text.prefix(5).lowercased() == "ipv6:" ? text.dropFirst(5) : text)
  }

  /// The address that a local part routes to; nil if it does not, or to what cannot be a domain: then it is just an odd name.
  private func unwrapped(_ localPart: String) -> Mailbox? {
    guard let inner = route(localPart), let text = inner.domain else { return nil }
    guard let domain = Array(text.utf8).withUnsafeBytes(DomainParser.parse) else { return nil }
    return Mailbox(localPart: inner.localPart, domain: domain)
  }

  /// `user@domain`, `host!user`, `user%domain`, in this order.
  private func route(_ localPart: String) -> Mailbox? {
    let bytes = localPart.utf8
    if bytes.contains(UInt8(ascii: "@")) { return nonEmpty(Mailbox(address: localPart)) }
    if swapBangpath, let bang = bytes.firstIndex(of: UInt8(ascii: "!")) {
      return nonEmpty(Mailbox(localPart: String(localPart[bytes.index(after: bang)...]), domain: String(localPart[..<bang])))
    }
    if allowPercentHack, let percent = bytes.lastIndex(of: UInt8(ascii: "%")) {
      return nonEmpty(Mailbox(localPart: String(localPart[..<percent]), domain: String(localPart[bytes.index(after: percent)...])))
    }
    return nil
  }

  /// Nothing before or after the operator: not a route, just an odd name.
  private func nonEmpty(_ mailbox: Mailbox) -> Mailbox? {
    mailbox.localPart.isEmpty || mailbox.domain?.isEmpty == true ? nil : mailbox
  }
}
