// SPDX-License-Identifier: Apache-2.0
import Queue
import Tables

/// `luser_relay`: who gets mail for unknown local users.
package struct LuserRelay: Sendable {
  /// An address that was resolved.
  package struct Target: Equatable, Sendable {
    package let address: String
    package let route: Recipient.Route

    package init(address: String, route: Recipient.Route) {
      self.address = address
      self.route = route
    }
  }

  private let template: String
  private let delimiters: String
  private let resolve: @Sendable (String) -> Target?

  /// `template` is the setting as it was written; `resolve` completes an address and finds its route.
  package init(template: String, delimiters: String, resolve: @escaping @Sendable (String) -> Target?) {
    self.template = template
    self.delimiters = delimiters
    self.resolve = resolve
  }

  /// Nil where the expansion is no address, or the recipient itself.
  package func target(for recipient: String) -> Target? {
    let at = recipient.utf8.lastIndex(of: 0x40) ?? recipient.endIndex
    let local = String(recipient[..<at])
    let parts = AddressKey.split(local, delimiters: delimiters)
    let base = parts?.base ?? local
    let expansion = LocalExpansion([
      "user": base.lowercased(), "local": local, "extension": parts?.extension ?? "", "domain": recipient[at...].dropFirst().lowercased(),
      "recipient": recipient, "recipient_delimiter": parts.map { _ in String(local.dropFirst(base.count).prefix(1)) } ?? "",
    ])
    let target = resolve(expansion.expand(template))
    return target?.address.lowercased() == recipient.lowercased() ? nil : target
  }
}
