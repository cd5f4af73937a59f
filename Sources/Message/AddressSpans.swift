// SPDX-License-Identifier: Apache-2.0

/// Where the addresses of a header field are: RFC 5322 §3.4, leniently. Quoted local parts and routes are passed over.
package enum AddressSpans {
  private static let senders: Set<String> = [
    "from", "sender", "reply-to", "errors-to", "return-receipt-to", "disposition-notification-to", "mail-followup-to", "resent-from", "resent-sender",
  ]
  /// As in Postfix, who of Reply-To thinks otherwise.
  private static let recipients: Set<String> = ["to", "cc", "bcc", "apparently-to", "resent-to", "resent-cc", "resent-bcc", "resent-reply-to"]

  package static func isAddressField(_ name: some Sequence<UInt8>) -> Bool { place(name) != nil }

  /// Whose addresses a field holds; nil if it holds none.
  package static func place(_ name: some Sequence<UInt8>) -> AddressPlace? {
    let name = String(decoding: Array(name), as: UTF8.self).lowercased()
    return senders.contains(name) ? .headerSender : recipients.contains(name) ? .headerRecipient : nil
  }

  /// Calls `visit` with each address of the list in `range`, in order.
  package static func forEach(in text: UnsafeRawBufferPointer, _ range: Range<Int>, _ visit: (Range<Int>) -> Void) {
    var walker = Walker(text: text, position: range.lowerBound, end: range.upperBound)
    while walker.position < walker.end {
      if let found = walker.nextEntry() { visit(found) }
    }
  }

  private struct Walker {
    let text: UnsafeRawBufferPointer
    var position: Int
    let end: Int

    /// The address of the next entry of the list, if it has one of the plain form.
    mutating func nextEntry() -> Range<Int>? {
      var word: Range<Int>?
      var words = 0
      var angle: Range<Int>?
      while position < end {
        switch text[position] {
        case UInt8(ascii: ","), UInt8(ascii: ";"):
          position += 1
          return plain(angle ?? (words == 1 ? word : nil))
        case UInt8(ascii: ":"):
          // The name of a group has ended.
          position += 1
          (word, words) = (nil, 0)
        case UInt8(ascii: "\""):
          skipQuoted()
          words += 2
        case UInt8(ascii: "("): skipComment()
        case UInt8(ascii: "<"): angle = takeAngle()
        case 0x20, 0x09, 0x0a, 0x0d: position += 1
        default:
          word = takeWord()
          words += 1
        }
      }
      return plain(angle ?? (words == 1 ? word : nil))
    }

    /// With one `@`, and nothing in it that needs a closer look.
    private func plain(_ range: Range<Int>?) -> Range<Int>? {
      guard let range, !range.isEmpty else { return nil }
      let bytes = text[range]
      guard bytes.count(where: { $0 == 0x40 }) == 1, bytes.first != 0x40, bytes.last != 0x40 else { return nil }
      return bytes.contains { $0 <= 0x20 || $0 == 0x22 || $0 == 0x28 || $0 == 0x2c || $0 == 0x3a || $0 == 0x5c } ? nil : range
    }

    private mutating func takeWord() -> Range<Int> {
      let start = position
      while position < end, !Self.ends.contains(text[position]) { position += 1 }
      if position == start { position += 1 }
      return start..<position
    }

    private static let ends = Set(" \t\r\n,;:\"(<".utf8)

    private mutating func takeAngle() -> Range<Int> {
      let start = position + 1
      while position < end, text[position] != UInt8(ascii: ">") { position += 1 }
      defer { position = min(end, position + 1) }
      return start..<max(start, position)
    }

    private mutating func skipQuoted() {
      position += 1
      while position < end, text[position] != UInt8(ascii: "\"") { position += text[position] == UInt8(ascii: "\\") ? 2 : 1 }
      position = min(end, position + 1)
    }

    private mutating func skipComment() {
      var depth = 0
      repeat {
        switch text[position] {
        case UInt8(ascii: "("): depth += 1
        case UInt8(ascii: ")"): depth -= 1
        case UInt8(ascii: "\\"): position += 1
        default: break
        }
        position += 1
      } while position < end && depth > 0
      position = min(end, position)
    }
  }
}

extension HeaderBlock {
  /// The header of `content` with `change` made to each address of its address fields, and where the rest of the content begins. Nil if nothing changes.
  package static func withAddresses(of content: UnsafeRawBufferPointer, _ change: (String) -> String) -> (header: [UInt8], rest: Int)? {
    withPlacedAddresses(of: content) { change($0.text) }
  }

  package static func withPlacedAddresses(of content: UnsafeRawBufferPointer, _ change: (PlacedAddress) -> String) -> (header: [UInt8], rest: Int)? {
    var edits: [(range: Range<Int>, text: String)] = []
    let end = scan(content) { field in
      guard let place = AddressSpans.place(content[field.name]) else { return }
      AddressSpans.forEach(in: content, field.value) { range in
        let address = String(decoding: content[range], as: UTF8.self)
        let other = change(PlacedAddress(address, place))
        if other != address { edits.append((range, other)) }
      }
    }
    if edits.isEmpty { return nil }
    var header: [UInt8] = []
    var position = 0
    for edit in edits {
      header.append(contentsOf: content[position..<edit.range.lowerBound])
      header += edit.text.utf8
      position = edit.range.upperBound
    }
    header.append(contentsOf: content[position..<end.offset])
    return (header, end.offset)
  }
}
