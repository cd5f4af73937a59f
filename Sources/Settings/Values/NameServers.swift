// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

/// Who is asked for names.
package enum NameServers: Hashable, Sendable {
  package struct Server: Hashable, Sendable {
    package let address: IPAddress
    package let port: UInt16
  }

  /// Those of /etc/resolv.conf.
  case system
  /// Those of each zone, from the root on.
  case recursive
  case servers([Server])
}

extension ValueParser {
  mutating func parseNameServers(_ text: LocatedText) -> NameServers? {
    let elements = text.elements()
    if elements.isEmpty { return .system }
    if elements.count == 1, elements.first?.text.lowercased() == "recursive" { return .recursive }
    return parseEach(elements) { parser, element in parser.parseNameServer(element) }.map { .servers($0) }
  }

  private mutating func parseNameServer(_ element: LocatedText) -> NameServers.Server? {
    let parts = element.text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.first.map { $0.hasPrefix("[") && $0.hasSuffix("]") ? $0.dropFirst().dropLast() : $0 } ?? ""
    guard let address = IPAddress(name) else {
      report(
        .error(element, "expected the address of a name server, not `\(element.text)`", hint: "`192.0.2.1`, `192.0.2.1@5353`, or `recursive` alone"))
      return nil
    }
    if parts.count == 1 { return NameServers.Server(address: address, port: 53) }
    guard parts[1].utf8.allSatisfy(\.isDigit), let port = UInt16(parts[1]), port > 0 else {
      report(.error(element, "`\(parts[1])` is no port", hint: "a number from 1 to 65535 after the `@`"))
      return nil
    }
    return NameServers.Server(address: address, port: port)
  }
}
