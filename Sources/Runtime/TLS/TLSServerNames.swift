// SPDX-License-Identifier: Apache-2.0

/// Values by server name: exact, `*.parent` (one label more) or `.parent` (any name below), in this order. Letters match in either case.
package struct TLSServerNames<Value: Sendable>: Sendable {
  private var values: [String: Value] = [:]

  package init() {}

  package var isEmpty: Bool { values.isEmpty }

  package subscript(pattern: String) -> Value? {
    get { values[pattern.lowercased()] }
    set { values[pattern.lowercased()] = newValue }
  }

  /// The value for a name that a client sent; OpenSSL limits it to 255 bytes. What is no host name matches nothing: it goes into the log.
  package func match(_ name: String) -> Value? {
    guard name.first != ".", name.utf8.allSatisfy(Self.isHostByte) else { return nil }
    let name = name.lowercased()
    if let value = values[name] { return value }
    guard let dot = name.firstIndex(of: ".") else { return nil }
    return values["*\(name[dot...])"] ?? below(name[dot...])
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }

  /// The nearest parent, `.example.org` before `.org`.
  private func below(_ suffix: Substring) -> Value? {
    var suffix = suffix
    while true {
      if let value = values[String(suffix)] { return value }
      guard let dot = suffix.dropFirst().firstIndex(of: ".") else { return nil }
      suffix = suffix[dot...]
    }
  }
}
