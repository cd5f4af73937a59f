// SPDX-License-Identifier: Apache-2.0

/// Completes addresses without a domain in the address fields of local clients (`append_at_myorigin`).
///
/// Only what is surely a bare mailbox is touched: an atom alone, or alone in angle brackets. Groups, routes, quoted local parts and anything
/// odd stay as they are.
enum BareAddresses {
  static func complete(_ field: HeaderBlock.Field, in header: UnsafeRawBufferPointer, with origin: String, edits: inout [Edit]) {
    guard isAddressField(header[field.name]) else { return }
    var walker = Walker(header: header, position: field.value.lowerBound, end: field.value.upperBound)
    while let end = walker.nextBareAddress() { edits.append(Edit(at: end, insert: [0x40] + Array(origin.utf8))) }
  }

  private static let names: [StaticString] = ["from", "to", "cc", "sender", "reply-to", "resent-from", "resent-to", "resent-cc", "resent-sender"]

  private static func isAddressField(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
    names.contains { own in
      own.utf8CodeUnitCount == name.count
        && zip(name, UnsafeBufferPointer(start: own.utf8Start, count: own.utf8CodeUnitCount)).allSatisfy { lowercase($0) == $1 }
    }
  }

  /// Goes through a mailbox-list (RFC 5322 §3.4), entry by entry.
  private struct Walker {
    let header: UnsafeRawBufferPointer
    var position: Int
    let end: Int

    /// The end of the next bare address.
    mutating func nextBareAddress() -> Int? {
      while position < end {
        let entry = nextEntry()
        if let found = entry.bareEnd { return found }
      }
      return nil
    }

    /// What one entry of the list shows.
    private struct Entry {
      var words = 0
      var angle: Range<Int>?
      var word: Range<Int>?
      var isOdd = false

      var bareEnd: Int? {
        if isOdd { return nil }
        if let angle { return angle.isEmpty ? nil : angle.upperBound }
        return words == 1 ? word?.upperBound : nil
      }
    }

    private mutating func nextEntry() -> Entry {
      var entry = Entry()
      while position < end {
        let byte = header[position]
        switch byte {
        case 0x2C:
          position += 1
          return entry
        case 0x20, 0x09, 0x0A, 0x0D: position += 1
        case 0x28: skipComment()
        case 0x22:
          skipQuoted()
          entry.words += 2
        case 0x3C: readAngle(&entry)
        default: readWord(&entry)
        }
      }
      return entry
    }

    private mutating func readWord(_ entry: inout Entry) {
      let start = position
      while position < end, isWordByte(header[position]) { position += 1 }
      if position == start {
        // A colon, semicolon, `@` or bracket: not a bare mailbox.
        entry.isOdd = true
        position += 1
        return
      }
      entry.words += 1
      entry.word = start..<position
    }

    private mutating func readAngle(_ entry: inout Entry) {
      let start = position + 1
      position = start
      while position < end, isWordByte(header[position]) { position += 1 }
      if position < end, header[position] == 0x3E, entry.angle == nil { entry.angle = start..<position } else { entry.isOdd = true }
      while position < end, header[position] != 0x3E { position += 1 }
      position = min(position + 1, end)
    }

    private mutating func skipQuoted() {
      position += 1
      while position < end, header[position] != 0x22 { position += header[position] == 0x5C ? 2 : 1 }
      position = min(position + 1, end)
    }

    private mutating func skipComment() {
      var depth = 0
      repeat {
        switch header[position] {
        case 0x28: depth += 1
        case 0x29: depth -= 1
        case 0x5C: position += 1
        default: break
        }
        position += 1
      } while position < end && depth > 0
      position = min(position, end)
    }

    /// `atext` and dots, without the characters of foreign address forms (`%` and `!`).
    private func isWordByte(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
      case 0x23, 0x24, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x2F, 0x3D, 0x3F, 0x5E...0x60, 0x7B...0x7E: true
      default: false
      }
    }
  }
}
