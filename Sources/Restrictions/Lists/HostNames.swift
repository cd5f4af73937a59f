// SPDX-License-Identifier: Apache-2.0
import Bytes

/// A name as Postfix takes it for valid: letters, digits, hyphens and underscores in labels of 1 to 63, no hyphen at the ends of a label, at most 255
/// in all, and not all digits and dots (RFC 1123 §2.1).
package func isValidHostName(_ name: some StringProtocol) -> Bool {
  var name = String(name)
  return name.withUTF8(isValidHostName)
}

private func isValidHostName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
  guard !bytes.isEmpty, bytes.count <= 255 else { return false }
  let labelBytes = ASCIISet.alphanumeric
  var label = 0
  var previous = UInt8(ascii: ".")
  var isNumeric = true
  for byte in bytes {
    if byte == UInt8(ascii: ".") {
      guard label > 0, previous != UInt8(ascii: "-") else { return false }
      label = 0
    } else {
      guard labelBytes.contains(byte) || isOtherLabelByte(byte), label < 63, label > 0 || byte != UInt8(ascii: "-") else { return false }
      label += 1
      if !(0x30...0x39).contains(byte) { isNumeric = false }
    }
    previous = byte
  }
  return label > 0 && previous != UInt8(ascii: "-") && !isNumeric
}

private func isOtherLabelByte(_ byte: UInt8) -> Bool {
  // RFC 6531 §3.3: beyond ASCII a label is UTF-8.
  byte >= 0x80 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
}

/// RFC 5321 §4.1.3: `[192.0.2.1]` or `[IPv6:2001:db8::1]`; the brackets may lack, as in a HELO that should have them.
package func parseAddressLiteral(_ text: some StringProtocol) -> IPAddress? {
  let isBracketed = text.hasPrefix("[") && text.hasSuffix("]") && text.utf8.count > 2
  let inner = isBracketed ? String(text.dropFirst().dropLast()) : String(text)
  let isTagged = inner.prefix(5).lowercased() == "ipv6:"
  guard let address = IPAddress(isTagged ? String(inner.dropFirst(5)) : inner), inner.utf8.contains(UInt8(ascii: ":")) == isTagged else { return nil }
  return address
}
