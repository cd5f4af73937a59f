// SPDX-License-Identifier: Apache-2.0
import CBytes

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
    guard let text = content.baseAddress else { return ([], false) }
    var hasPadding: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: min(limit, content.count / 4 * 3 + 3)) { output, count in
      count = cbytes_base64(text, content.count, output.baseAddress, output.count, resets ? 1 : 0, &hasPadding)
    }
    return (bytes, hasPadding != 0)
  }
}
