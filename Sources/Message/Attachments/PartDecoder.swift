// SPDX-License-Identifier: Apache-2.0

/// RFC 2045 §6, as far as one needs it and in each way that readers do it.
package enum PartDecoder {
  /// The first `limit` bytes of a part. Of base64 with padding in its midst more than one, since some readers stop there, others go on.
  package static func readings(_ content: UnsafeRawBufferPointer, _ encoding: MIMEStructure.Encoding, limit: Int) -> [[UInt8]] {
    switch encoding {
    case .identity: return [Array(content.prefix(limit))]
    case .quotedPrintable:
      var decoder = TransferDecoder(.quotedPrintable, 0..<content.count)
      var output: [UInt8] = []
      while !decoder.isAtEnd, output.count < limit { output += decoder.next(content, limit: min(max(limit, 4096), 1 << 20)) }
      return [Array(output.prefix(limit))]
    case .base64:
      let first = base64(content, limit: limit, resets: true)
      guard first.hasPadding else { return [first.bytes] }
      let second = base64(content, limit: limit, resets: false)
      return first.bytes == second.bytes ? [first.bytes] : [first.bytes, second.bytes]
    }
  }

  /// `resets`: what follows padding begins anew; else padding is passed over. Whoever stops at padding has the beginning of the first reading.
  private static func base64(_ content: UnsafeRawBufferPointer, limit: Int, resets: Bool) -> (bytes: [UInt8], hasPadding: Bool) {
    var output: [UInt8] = []
    output.reserveCapacity(min(limit, content.count / 4 * 3) + 3)
    var (bits, count, sawPadding, hasPadding): (UInt32, UInt32, Bool, Bool) = (0, 0, false, false)
    for byte in content {
      let value = values[Int(byte)]
      if value < 64 {
        if sawPadding {
          hasPadding = true
          sawPadding = false
        }
        bits = bits << 6 | UInt32(value)
        count += 6
        guard count >= 8 else { continue }
        count -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> count))
        if output.count >= limit { break }
      } else if value == 65 {
        sawPadding = true
        if resets { count = 0 }
      }
    }
    return (output, hasPadding)
  }

  /// 64 for what is no code, 65 for `=`.
  private static let values: [UInt8] = (0...255).map { (byte: Int) in
    byte == 0x3d ? 65 : EncodedWords.base64Value(UInt8(byte)).map { UInt8($0) } ?? 64
  }
}
