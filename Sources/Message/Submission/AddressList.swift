// SPDX-License-Identifier: Apache-2.0

/// The addresses of an address-list (RFC 5322 §3.4), as people and programs write it: with names, comments, groups, routes and empty entries.
package enum AddressList {
  /// Each as it stands on the wire, its local part in quotes where it was; `<>` is an empty one.
  package static func parse(_ text: some Sequence<UInt8>) -> [String] {
    var reader = Reader(Array(text))
    var addresses: [String] = []
    while let entry = reader.next() { if let address = entry { addresses.append(address) } }
    return addresses
  }

  private struct Reader {
    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) { self.text = text }

    /// One entry of the list: nil at its end, and an empty one within where nothing is between two commas.
    mutating func next() -> String?? {
      guard position < text.count else { return nil }
      var words: [UInt8] = []
      var hasGap = false
      var angle: [UInt8]?
      while let byte = peek {
        switch byte {
        case 0x2c, 0x3b:  // , ;
          position += 1
          return .some(finished(words, angle))
        case 0x3a where angle == nil && !words.contains(0x40):  // the name of a group
          position += 1
          words = []
          hasGap = false
        case 0x28: skipComment()
        case 0x3c: angle = readAngle()
        case 0x20, 0x09, 0x0a, 0x0d:
          position += 1
          hasGap = true
        default:
          if hasGap, !joins(words.last), !joins(byte), !words.isEmpty { words.append(0x20) }
          hasGap = false
          words += readWord()
        }
      }
      return .some(finished(words, angle))
    }

    private var peek: UInt8? { position < text.count ? text[position] : nil }

    private func joins(_ byte: UInt8?) -> Bool { byte == 0x40 || byte == 0x2e }

    private func finished(_ words: [UInt8], _ angle: [UInt8]?) -> String? {
      if let angle { return String(decoding: withoutRoute(angle), as: UTF8.self) }
      return words.isEmpty ? nil : String(decoding: quoted(words), as: UTF8.self)
    }

    /// `obs-route = obs-domain-list ":"`, RFC 5322 §4.4.
    private func withoutRoute(_ address: [UInt8]) -> ArraySlice<UInt8> {
      guard address.first == 0x40, let colon = address.firstIndex(of: 0x3a) else { return address[...] }
      return address[(colon + 1)...]
    }

    /// Words with blanks between them can only be a local part that somebody has not quoted.
    private func quoted(_ words: [UInt8]) -> [UInt8] {
      guard words.contains(0x20), !words.contains(0x22) else { return words }
      guard let at = words.lastIndex(of: 0x40) else { return [0x22] + words + [0x22] }
      return [0x22] + words[..<at] + [0x22] + words[at...]
    }

    private mutating func readWord() -> [UInt8] {
      switch text[position] {
      case 0x22: return readDelimited(by: 0x22)
      case 0x5b: return readDelimited(by: 0x5d)
      case 0x5c:
        let end = min(text.count, position + 2)
        defer { position = end }
        return Array(text[position..<end])
      default:
        defer { position += 1 }
        return [text[position]]
      }
    }

    /// A quoted string or a domain literal, with what is around it. One without an end goes to the end of the text, and gets one.
    private mutating func readDelimited(by end: UInt8) -> [UInt8] {
      var word = [text[position]]
      position += 1
      while let byte = peek, byte != end {
        word.append(byte)
        position += 1
        if byte == 0x5c, let next = peek {
          word.append(next)
          position += 1
        }
      }
      position += 1
      return word + [end]
    }

    private mutating func readAngle() -> [UInt8] {
      position += 1
      var address: [UInt8] = []
      while let byte = peek, byte != 0x3e {
        switch byte {
        case 0x28: skipComment()
        case 0x20, 0x09, 0x0a, 0x0d: position += 1
        default: address += readWord()
        }
      }
      position += 1
      return address
    }

    private mutating func skipComment() {
      var depth = 0
      repeat {
        switch text[position] {
        case 0x28: depth += 1
        case 0x29: depth -= 1
        case 0x5c: position += 1
        default: break
        }
        position += 1
      } while position < text.count && depth > 0
    }
  }
}
