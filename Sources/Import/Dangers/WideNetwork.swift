// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Networks that nobody owns whole.
enum WideNetwork {
  /// Private addresses may be as wide as they are; of public ones a /16 (IPv6: /32) is already a whole provider.
  static func isTooWide(_ element: String) -> Bool {
    let parts = element.split(separator: "/", maxSplits: 1)
    guard let first = parts.first else { return false }
    let isV6 = first.contains(":")
    let text = first.hasPrefix("[") ? first.dropFirst().prefix { $0 != "]" } : first
    guard parts.count == 2, let bits = Int(parts[1]), IPAddress(text) != nil else { return false }
    if isV6 { return bits < 32 && !["fc", "fd", "fe8"].contains { text.lowercased().hasPrefix($0) } }
    return bits < 8 || bits < 16 && !isPrivate(text)
  }

  /// RFC 1918 §3, RFC 1122 §3.2.1.3.
  private static func isPrivate(_ address: Substring) -> Bool {
    let numbers = address.split(separator: ".").compactMap { Int($0) }
    guard numbers.count == 4 else { return false }
    return numbers[0] == 10 || numbers[0] == 127 || numbers[0] == 172 && (16..<32).contains(numbers[1]) || numbers[0] == 192 && numbers[1] == 168
  }
}
