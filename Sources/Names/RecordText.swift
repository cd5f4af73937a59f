// SPDX-License-Identifier: Apache-2.0
import Bytes

extension NameRecord {
  /// As Postfix's filters of DNS replies see a record: `example.com. 3600 IN MX 10 mail.example.com.`
  package func text(name: String, timeToLive: Int) -> String { "\(name). \(timeToLive) IN \(typeAndData)" }

  private var typeAndData: String {
    switch self {
    case .address(let address): (address.family == .v4 ? "A " : "AAAA ") + address.description
    case .exchanger(let preference, let host): "MX \(preference) \(Self.absolute(host))"
    case .pointer(let name): "PTR \(Self.absolute(name))"
    case .server(let name): "NS \(Self.absolute(name))"
    case .text(let bytes): "TXT " + String(decoding: bytes, as: UTF8.self)
    case .authority(let server, let contact, let serial): "SOA \(Self.absolute(server)) \(Self.absolute(contact)) \(serial)"
    case .certificate(let usage, let selector, let matching, let data):
      "TLSA \(usage) \(selector) \(matching) " + data.map { $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16) }.joined().uppercased()
    }
  }

  private static func absolute(_ name: String) -> String { name.hasSuffix(".") ? name : name + "." }
}
