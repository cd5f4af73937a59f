// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  mutating func write(_ text: String) { append(contentsOf: text.utf8) }

  /// Writes text that a client chose: a control character (a line end above all) becomes `?`, so that it cannot begin a field.
  mutating func writeVisible(_ text: String) {
    let start = count
    append(contentsOf: text.utf8)
    for index in start..<count where self[index] < 0x20 || self[index] == 0x7F { self[index] = 0x3F }
  }

  /// Writes a number that is not negative in at least `width` columns.
  mutating func writeNumber(_ number: Int, width: Int, padding: UInt8 = 0x30) {
    var rest = Swift.max(0, number)
    let start = count
    repeat {
      append(0x30 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    while count - start < width { append(padding) }
    self[start...].reverse()
  }

  /// Writes a mailbox without brackets, quoting its local part where RFC 5321 §4.1.2 needs it. `address` has no quoting of its own.
  mutating func writeAddress(_ address: String) {
    let bytes = address.utf8
    let at = bytes.lastIndex(of: 0x40) ?? bytes.endIndex
    let local = bytes[..<at]
    if Self.isDotString(local) { return writeVisible(address) }
    append(0x22)
    for byte in local {
      if byte == 0x22 || byte == 0x5C { append(0x5C) }
      append(byte < 0x20 || byte == 0x7F ? 0x3F : byte)
    }
    append(0x22)
    writeVisible(String(address[at...]))
  }

  /// `Dot-string = Atom *("." Atom)`, RFC 5321 §4.1.2, with the UTF-8 of RFC 6531 §3.3; an empty one is the null path.
  private static func isDotString(_ local: Substring.UTF8View) -> Bool {
    var previous: UInt8 = 0x2E
    for byte in local {
      if byte == 0x2E ? previous == 0x2E : !isAtomText(byte) { return false }
      previous = byte
    }
    return previous != 0x2E || local.isEmpty
  }

  private static func isAtomText(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2F, 0x3D, 0x3F, 0x5E...0x60, 0x7B...0x7E: true
    default: false
    }
  }
}
