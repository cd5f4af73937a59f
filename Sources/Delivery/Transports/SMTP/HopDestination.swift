// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A next hop as smtp(8) and lmtp(8) have it: `example.com`, `[host]:587`, `[192.0.2.1]`, `inet:host:24`, `unix:/path`.
package struct HopDestination: Equatable, Sendable {
  package enum Kind: Equatable, Sendable {
    /// Whose MX records say where its mail goes.
    case domain(String)
    /// Itself, by name.
    case host(String)
    case address(IPAddress)
    case socket(path: String)
  }

  package var kind: Kind
  package var port: UInt16

  /// Nil where there is nothing to connect to. For LMTP every name is a host's.
  package init?(_ text: String, isLMTP: Bool, defaultPort: UInt16) {
    var rest = Substring(text)
    if isLMTP, rest.hasPrefix("unix:") {
      kind = .socket(path: String(rest.dropFirst(5)))
      port = 0
      if rest.count == 5 { return nil }
      return
    }
    if rest.hasPrefix("inet:") { rest = rest.dropFirst(5) }
    guard let (name, isLiteral, given) = Self.split(rest), let port = Self.port(given, defaultPort), !name.isEmpty else { return nil }
    self.port = port
    if isLiteral, let address = Self.address(name) {
      kind = .address(address)
    } else if let address = IPAddress(name) {
      kind = .address(address)
    } else {
      kind = isLiteral || isLMTP ? .host(String(name)) : .domain(String(name))
    }
  }

  /// `[name]:port`, `name:port`, and each without the port.
  private static func split(_ text: Substring) -> (name: Substring, isLiteral: Bool, port: Substring?)? {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let name = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      if rest.isEmpty { return (name, true, nil) }
      return rest.hasPrefix(":") ? (name, true, rest.dropFirst()) : nil
    }
    guard let colon = text.firstIndex(of: ":") else { return (text, false, nil) }
    return (text[..<colon], false, text[text.index(after: colon)...])
  }

  private static func port(_ text: Substring?, _ defaultPort: UInt16) -> UInt16? {
    guard let text else { return defaultPort }
    switch text {
    case "smtp": return 25
    case "submission": return 587
    case "submissions", "smtps": return 465
    case "lmtp": return 24
    default: return text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? UInt16(text).flatMap { $0 > 0 ? $0 : nil } : nil
    }
  }

  private static func address(_ text: Substring) -> IPAddress? {
    text.lowercased().hasPrefix("ipv6:") ? IPAddress(text.dropFirst(5)) : IPAddress(text)
  }

  /// Without brackets and port.
  package var name: String {
    switch kind {
    case .domain(let name), .host(let name): name
    case .address(let address): address.description
    case .socket(let path): path
    }
  }
}
