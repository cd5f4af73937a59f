// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Bytes of a client as one printable line, in C's escapes.
package enum EscapedText {
  package static func of(_ bytes: UnsafeRawBufferPointer, atMost limit: Int) -> String {
    String(decoding: bytes.prefix(limit).flatMap(escaped).prefix(limit), as: UTF8.self)
  }

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    switch byte {
    case 0x0a: Array(#"\n"#.utf8)
    case 0x0d: Array(#"\r"#.utf8)
    case 0x09: Array(#"\t"#.utf8)
    case 0x5c: Array(#"\\"#.utf8)
    case 0x20..<0x7f: [byte]
    default: [0x5c, 0x30 + (byte >> 6), 0x30 + (byte >> 3 & 7), 0x30 + (byte & 7)]
    }
  }
}
