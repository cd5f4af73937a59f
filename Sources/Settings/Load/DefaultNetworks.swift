// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The default of mynetworks, which mynetworks_style makes of the machine's own addresses.
struct DefaultNetworks {
  let style: MynetworksStyle
  /// The words of inet_interfaces.
  let interfaces: [String]

  /// Where nothing is known of the machine; always trusted, since nobody else has such an address.
  static let loopback = ["127.0.0.0/8", "[::1]/128"]

  func text(_ facts: HostFacts) -> String {
    var words = Self.loopback
    for (address, length) in facts.interfaces where isUsed(address) {
      guard let network = network(address, length) else { continue }
      let word = address.family == .v4 ? "\(network.address)/\(network.length)" : "[\(network.address)]/\(network.length)"
      if !words.contains(word) { words.append(word) }
    }
    return words.joined(separator: " ")
  }

  private func isUsed(_ address: IPAddress) -> Bool {
    let isLoopback = address == .loopbackV6 || address.family == .v4 && address.low >> 24 == 127
    if isLoopback || isLinkLocal(address) { return false }
    return interfaces.contains("all") || interfaces.contains("*") || interfaces.contains(address.description)
  }

  /// RFC 4291 §2.5.6: such an address means something on its own link only.
  private func isLinkLocal(_ address: IPAddress) -> Bool { address.family == .v6 && address.high >> 54 == 0x3fa }

  private func network(_ address: IPAddress, _ length: Int) -> IPNetwork? {
    let bits: Int
    switch style {
    case .host: bits = address.width
    case .subnet: bits = length > 0 ? length : address.width
    case .class: bits = address.family == .v6 ? (length > 0 ? length : address.width) : classBits(address)
    }
    return IPNetwork(address.masked(to: bits), length: bits)
  }

  /// RFC 791 §3.2: classes A, B and C.
  private func classBits(_ address: IPAddress) -> Int {
    switch address.low >> 24 {
    case 0..<128: 8
    case 128..<192: 16
    case 192..<224: 24
    default: 32
    }
  }
}
