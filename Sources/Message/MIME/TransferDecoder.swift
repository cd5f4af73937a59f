// SPDX-License-Identifier: Apache-2.0

/// RFC 2045 §6: content as it was before it was made fit for mail, piece by piece. What is no code is passed over or kept, as mail readers do.
package struct TransferDecoder: Sendable {
  private let encoding: MIMEStructure.Encoding
  private var bits: UInt32 = 0
  private var bitCount = 0
  private var offset: Int
  private let end: Int

  /// Of the bytes of the message's body from `range`.
  package init(_ encoding: MIMEStructure.Encoding, _ range: Range<Int>) {
    self.encoding = encoding
    offset = range.lowerBound
    end = range.upperBound
  }

  package var isAtEnd: Bool { offset >= end }

  /// The next decoded bytes, of at most `limit` encoded ones. A piece of encoded text ends at a line end, if there is one.
  package mutating func next(_ body: UnsafeRawBufferPointer, limit: Int) -> [UInt8] {
    var stop = min(end, offset + limit)
    if stop < end, encoding != .identity, let line = body[offset..<stop].lastIndex(of: 0x0a) { stop = line + 1 }
    defer { offset = stop }
    let piece = UnsafeRawBufferPointer(rebasing: body[offset..<stop])
    switch encoding {
    case .identity: return Array(piece)
    case .base64: return base64(piece)
    case .quotedPrintable: return quotedPrintable(piece)
    }
  }

  private mutating func base64(_ piece: UnsafeRawBufferPointer) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(piece.count * 3 / 4)
    for byte in piece {
      guard let value = EncodedWords.base64Value(byte) else { continue }
      bits = bits << 6 | value
      bitCount += 6
      if bitCount >= 8 {
        bitCount -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
      }
    }
    return output
  }

  private func quotedPrintable(_ piece: UnsafeRawBufferPointer) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(piece.count)
    var index = 0
    while index < piece.count {
      let byte = piece[index]
      if byte == UInt8(ascii: "="), index + 2 < piece.count, let high = EncodedWords.hex(piece[index + 1]),
        let low = EncodedWords.hex(piece[index + 2])
      {
        output.append(high << 4 | low)
        index += 3
      } else if byte == UInt8(ascii: "="), let skipped = softBreak(piece, index) {
        index = skipped
      } else {
        output.append(byte)
        index += 1
      }
    }
    return output
  }

  /// `=` at the end of a line, with the blanks that something on the way may have put there.
  private func softBreak(_ piece: UnsafeRawBufferPointer, _ index: Int) -> Int? {
    var next = index + 1
    while next < piece.count, piece[next] == 0x20 || piece[next] == 0x09 || piece[next] == 0x0d { next += 1 }
    if next == piece.count { return next }
    return piece[next] == 0x0a ? next + 1 : nil
  }
}
