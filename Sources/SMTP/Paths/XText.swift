// SPDX-License-Identifier: Apache-2.0
import Bytes

/// RFC 3461 §4: `xtext = *( xchar / hexchar )`, `hexchar = "+" 2(HEXDIGIT)` with upper-case digits. Like Postfix, `=` and lower-case digits pass.
package enum XText {
  /// The text that `bytes` encode; nil if they break the rule or are no UTF-8.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), let decoded = decode(bytes) else { return nil }
    guard !decoded.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return nil }
    return String(validating: decoded, as: UTF8.self)
  }

  /// The bytes that `bytes` encode; nil if a `+` has no two digits after it.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    var cursor = ByteCursor(bytes)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    while let byte = cursor.next() {
      if byte == 0x2b {
        guard let high = hexDigit(cursor.next()), let low = hexDigit(cursor.next()) else { return nil }
        decoded.append(high << 4 | low)
      } else {
        decoded.append(byte)
      }
    }
    return decoded
  }

  private static func hexDigit(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let byte) where byte >= 0x30 && byte <= 0x39: byte &- 0x30
    case .some(let byte) where byte >= 0x41 && byte <= 0x46: byte &- 0x37
    case .some(let byte) where byte >= 0x61 && byte <= 0x66: byte &- 0x57
    default: nil
    }
  }
}
