// SPDX-License-Identifier: Apache-2.0
import Bytes

/// The text of a message as its reader sees it: out of base64 or quoted-printable, in UTF-8. Only of parts where that is not what stands there.
package enum DecodedText {
  /// Of one part no more than this is decoded.
  private static let maximumPart = 16 << 20

  /// Calls `visit` for each line that is not empty, or for each 2048 bytes of a longer one, until it answers false. `limit`: so much of each part; 0 for all.
  package static func lines(
    header: [(name: [UInt8], value: [UInt8])], body: UnsafeRawBufferPointer, limit: Int, _ visit: (UnsafeBufferPointer<UInt8>) -> Bool
  ) {
    for part in MIMEStructure(header: header, body: body).parts {
      guard !part.content.isEmpty, let text = text(part, body, limit > 0 ? min(limit, maximumPart) : maximumPart) else { continue }
      guard text.withUnsafeBufferPointer({ lines($0, visit) }) else { return }
    }
  }

  /// Nil where the raw text says the same.
  private static func text(_ part: MIMEStructure.Part, _ body: UnsafeRawBufferPointer, _ limit: Int) -> [UInt8]? {
    guard part.type.value.hasPrefix("text/") || part.type.value.isEmpty else { return nil }
    let charset = part.type.text("charset").map { String(decoding: $0, as: UTF8.self).lowercased() } ?? "us-ascii"
    let isASCII = charset == "us-ascii" || charset == "utf-8"
    if part.encoding == .identity, isASCII { return nil }
    var decoder = TransferDecoder(part.encoding, part.content)
    var bytes: [UInt8] = []
    while !decoder.isAtEnd, bytes.count < limit { bytes += decoder.next(body, limit: 64 * 1024) }
    if bytes.count > limit { bytes.removeSubrange(limit...) }
    return EncodedWords.inUTF8(bytes, charset) ?? bytes
  }

  private static func lines(_ text: UnsafeBufferPointer<UInt8>, _ visit: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
    var start = 0
    while start < text.count {
      let newline = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[start...]).offset(of: 0x0a).map { start + $0 } ?? text.count
      var end = newline
      if end > start, text[end - 1] == 0x0d { end -= 1 }
      while start < end {
        let stop = min(end, start + BodyLines.maximumLine)
        guard visit(UnsafeBufferPointer(rebasing: text[start..<stop])) else { return false }
        start = stop
      }
      start = newline + 1
    }
    return true
  }
}
