// SPDX-License-Identifier: Apache-2.0
import Bytes

/// From where an address can be reached.
enum AddressScope {
  case loopback
  /// RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6, RFC 6598.
  case local
  case world

  init(_ address: IPAddress) {
    self = Self.ranges.first { $0.0.contains(address) }?.1 ?? .world
  }

  private static var ranges: [(IPNetwork, AddressScope)] { loopbacks.map { ($0, .loopback) } + locals.map { ($0, .local) } }

  private static let loopbacks = ["127.0.0.0/8", "::1/128", "::/128", "0.0.0.0/8"].compactMap { IPNetwork($0) }
  private static let locals = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"]
    .compactMap { IPNetwork($0) }
}

extension Sequence<IPAddress> {
  var inTheWorld: [IPAddress] { filter { AddressScope($0) == .world } }

  /// `192.0.2.1 and 2001:db8::1`
  var text: String { map(\.description).sorted().listed }
}

extension Sequence<String> {
  /// `a, b and c`
  var listed: String {
    let all = Array(self)
    guard let last = all.last, all.count > 1 else { return all.first ?? "" }
    return all.dropLast().joined(separator: ", ") + " and " + last
  }
}
