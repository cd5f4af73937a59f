// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Clients as `smtpd_authorized_xclient_hosts` lists them: by address, network or name. The first element that matches either decides.
package struct ClientList: Sendable {
  private let matches: (@Sendable (_ name: String, _ address: IPAddress?) -> Bool)?

  /// Nobody.
  package init() { matches = nil }

  /// `matches` gets the client's verified name in lower case, or `unknown`.
  package init(matching matches: @escaping @Sendable (_ name: String, _ address: IPAddress?) -> Bool) { self.matches = matches }

  /// Each word is an address, a network or a host name, maybe after `!`.
  package init(words: [String]) {
    self.init { name, address in
      for word in words {
        let body = word.hasPrefix("!") ? String(word.dropFirst()) : word
        let isListed = IPNetwork(body).map { network in address.map(network.contains) ?? false } ?? (body.lowercased() == name)
        if isListed { return body == word }
      }
      return false
    }
  }

  package var isEmpty: Bool { matches == nil }

  /// An IPv4-mapped address is looked up as the IPv4 address it stands for.
  package func contains(_ client: Client) -> Bool {
    guard let matches else { return false }
    return matches(client.name.lowercased(), client.address?.unmapped)
  }
}
