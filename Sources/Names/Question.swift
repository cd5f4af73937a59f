// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 1035 §3.2.2, RFC 3596 §2.1, RFC 6698 §7.1.
package enum RecordType: UInt16, CaseIterable, Sendable {
  case a = 1
  case ns = 2
  case soa = 6
  case ptr = 12
  case mx = 15
  case txt = 16
  case aaaa = 28
  case tlsa = 52
}

extension NameQuery {
  package var type: RecordType {
    switch self {
    case .a: .a
    case .aaaa: .aaaa
    case .mx: .mx
    case .ptr: .ptr
    case .txt: .txt
    case .ns: .ns
    case .soa: .soa
    case .tlsa: .tlsa
    }
  }

  /// The name to ask for, fully qualified whether or not it ends in a dot; nil if there can be no such name.
  ///
  /// What stands in a mail can be anything. Only printable ASCII gets out, without the backslash by which a name could be written that is another.
  package var name: String? {
    switch self {
    case .ptr(let address): address.reverseName
    case .a(let name), .aaaa(let name), .mx(let name), .txt(let name), .ns(let name), .soa(let name), .tlsa(let name):
      Self.isAskable(name) ? name : nil
    }
  }

  private static func isAskable(_ name: String) -> Bool {
    let name = name.utf8.last == UInt8(ascii: ".") ? name.utf8.dropLast() : name.utf8[...]
    guard name.count <= 253 else { return false }
    return name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\\") }
    }
  }
}

extension IPAddress {
  /// The name whose pointer is the name of this address: RFC 1035 §3.5, RFC 3596 §2.5.
  package var reverseName: String { reversedLabels + (family == .v4 ? ".in-addr.arpa" : ".ip6.arpa") }

  /// Octets or nibbles from the last to the first, as lists of addresses in the Domain Name System are asked: RFC 5782 §2.1, §2.4.
  package var reversedLabels: String {
    switch family {
    case .v4: stride(from: 0, to: 32, by: 8).map { String(low >> UInt64($0) & 0xff) }.joined(separator: ".")
    case .v6:
      [low, high].flatMap { word in stride(from: 0, to: 64, by: 4).map { String(word >> UInt64($0) & 0xf, radix: 16) } }.joined(separator: ".")
    }
  }
}
