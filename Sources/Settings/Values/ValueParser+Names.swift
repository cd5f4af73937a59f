// SPDX-License-Identifier: Apache-2.0
import Bytes
import Diagnostics

extension ValueParser {
  mutating func parseHostName(_ text: LocatedText) -> String? {
    if HostName.isValid(text.text) { return text.text }
    if text.isEmpty {
      report(.error(text, "expected a host name, not nothing"))
    } else if IPAddress(text.text) != nil {
      report(.error(text, "expected a host name, not an address"))
    } else {
      report(.error(text, "`\(text.text)` is no host name", hint: "letters, digits and hyphens, in parts of at most 63 separated by dots"))
    }
    return nil
  }

  /// As Debian's Postfix: a path names a file whose first line is the name.
  mutating func parseHostNameOrFile(_ text: LocatedText) -> String? {
    guard text.bytes.first == UInt8(ascii: "/") else { return parseHostName(text) }
    do throws(FileError) {
      let source = SourceText(name: text.text, bytes: try files.read(text.text, limit: 4096))
      return parseHostName(LocatedText(source, source.lineRange(0)).trimmed)
    } catch {
      report(.error(text, "cannot read `\(text.text)`: \(error.reason)"))
      return nil
    }
  }

  mutating func parseOptionalAddress(_ text: LocatedText) -> String? {
    if text.isEmpty || IPAddress(text.text) != nil { return text.text }
    report(.error(text, "`\(text.text)` is no IP address", hint: "as in `192.0.2.1` or `2001:db8::1`, without brackets"))
    return nil
  }

  mutating func parseInterfaces(_ text: LocatedText) -> [Interface]? {
    let elements = text.elements()
    if elements.isEmpty {
      report(.error(text, "expected at least one address", hint: "`all`, `loopback-only`, or addresses"))
      return nil
    }
    return parseEach(elements) { parser, element in parser.parseInterface(element) }
  }

  private mutating func parseInterface(_ element: LocatedText) -> Interface? {
    let text = element.text
    switch text {
    case "all", "*": return .all
    case "loopback-only": return .loopback
    case "::": return .address(.anyV6)
    default: break
    }
    if text.hasPrefix("unix:") { return parseUnixSocket(element) }
    let address = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    if let address = IPAddress(address) { return .address(address) }
    if HostName.isValid(text) { return .host(text.lowercased()) }
    report(.error(element, "`\(text)` is neither an address nor a host name", hint: Self.portHint(text)))
    return nil
  }

  private mutating func parseUnixSocket(_ element: LocatedText) -> Interface? {
    let path = element[5...]
    if path.bytes.first == UInt8(ascii: "/") { return .unixSocket(path.text) }
    report(.error(element, "`unix:` needs an absolute path", hint: "unix:/run/weir/smtp"))
    return nil
  }

  private static func portHint(_ text: String) -> String? {
    guard let colon = text.lastIndex(of: ":"), Int(text[text.index(after: colon)...]) != nil else { return nil }
    return "the port stands in a setting of its own: `port = \(text[text.index(after: colon)...])` in a `listener` block"
  }
}

/// RFC 1123 §2.1, with the underscore that Postfix allows as well.
package enum HostName {
  package static func isValid(_ name: String) -> Bool {
    let name = name.hasSuffix(".") ? name.dropLast() : name[...]
    guard !name.isEmpty, name.utf8.count <= 255 else { return false }
    let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let isNumeric = labels.last?.allSatisfy(\.isDigit) ?? false
    return !isNumeric && labels.allSatisfy { isValid(label: $0) }
  }

  private static func isValid(label: Substring.UTF8View.SubSequence) -> Bool {
    let hyphen = UInt8(ascii: "-")
    return (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
      // RFC 6531 §3.3: beyond ASCII a label is UTF-8.
      && label.allSatisfy { $0.isNameByte || $0 == hyphen || $0 >= 0x80 }
  }
}
