// SPDX-License-Identifier: Apache-2.0
import Bytes
import CCharset

/// RFC 2047: words of a header in other characters than ASCII. Decoded leniently, as mail readers do: what makes no sense stays as it is.
package enum EncodedWords {
  /// Whether `decoded` would answer the value as it is, as of most fields.
  package static func isPlain(_ value: UnsafeRawBufferPointer) -> Bool {
    value.offset(of: 0x0a) == nil && value.offset(of: 0x0d) == nil && !mayHaveWords(value)
  }

  /// Whether nothing but line ends must be taken out.
  package static func isFoldedOnly(_ value: UnsafeRawBufferPointer) -> Bool { value.offset(of: 0x0d) == nil && !mayHaveWords(value) }

  /// Whether `=?` is in it.
  private static func mayHaveWords(_ value: UnsafeRawBufferPointer) -> Bool {
    var rest = value
    while let offset = rest.offset(of: UInt8(ascii: "=")) {
      rest = UnsafeRawBufferPointer(rebasing: rest[(offset + 1)...])
      if rest.first == UInt8(ascii: "?") { return true }
    }
    return false
  }

  /// The value on one line, its encoded words in UTF-8. `anyCharset`: as bytes, whatever character set they say.
  package static func decoded(_ value: UnsafeRawBufferPointer, anyCharset: Bool = false) -> [UInt8] {
    let unfolded = unfold(value)
    guard mayHaveWords(value) else { return unfolded }
    var output: [UInt8] = []
    output.reserveCapacity(unfolded.count)
    var index = 0
    var pendingBlanks: ArraySlice<UInt8> = []
    var followsWord = false
    while index < unfolded.count {
      if unfolded[index] == UInt8(ascii: "="), let word = word(in: unfolded, at: index, anyCharset: anyCharset) {
        // §6.2: blanks between two encoded words are not shown.
        if !followsWord { output += pendingBlanks }
        pendingBlanks = []
        output += word.text
        index = word.end
        followsWord = true
      } else if unfolded[index] == 0x20 || unfolded[index] == 0x09 {
        let end = unfolded[index...].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? unfolded.count
        pendingBlanks = unfolded[index..<end]
        index = end
      } else {
        output += pendingBlanks
        pendingBlanks = []
        output.append(unfolded[index])
        index += 1
        followsWord = false
      }
    }
    return output + pendingBlanks
  }

  /// RFC 5322 §2.2.3: a line end before a blank is not part of the value.
  private static func unfold(_ value: UnsafeRawBufferPointer) -> [UInt8] {
    if value.offset(of: 0x0d) != nil { return value.filter { $0 != 0x0a && $0 != 0x0d } }
    var output: [UInt8] = []
    output.reserveCapacity(value.count)
    var rest = value
    while let end = rest.offset(of: 0x0a) {
      output += rest[..<end]
      rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    }
    output += rest
    return output
  }

  private static let maximumWord = 4096

  /// `=?charset?encoding?text?=`
  private static func word(in bytes: [UInt8], at start: Int, anyCharset: Bool) -> (text: [UInt8], end: Int)? {
    let mark = UInt8(ascii: "?")
    guard start + 1 < bytes.count, bytes[start + 1] == mark else { return nil }
    let limit = min(bytes.count, start + maximumWord)
    guard let first = bytes[(start + 2)..<limit].firstIndex(of: mark), first + 2 < limit, bytes[first + 2] == mark else { return nil }
    guard let end = textEnd(bytes, from: first + 3, limit: limit) else { return nil }
    let charset = String(decoding: bytes[(start + 2)..<first].prefix { $0 != UInt8(ascii: "*") }, as: UTF8.self).lowercased()
    let text = bytes[(first + 3)..<end]
    let raw: [UInt8]?
    switch bytes[first + 1] | 0x20 {
    case UInt8(ascii: "b"): raw = base64(text)
    case UInt8(ascii: "q"): raw = quoted(text)
    default: raw = nil
    }
    guard let raw, let utf8 = anyCharset ? raw : inUTF8(raw, charset) else { return nil }
    return (utf8, end + 2)
  }

  private static func textEnd(_ bytes: [UInt8], from start: Int, limit: Int) -> Int? {
    var index = start
    while index + 1 < limit {
      if bytes[index] == UInt8(ascii: "?"), bytes[index + 1] == UInt8(ascii: "=") { return index }
      index += 1
    }
    return nil
  }

  static func base64(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in text {
      guard let value = base64Value(byte) else { continue }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        output.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return output
  }

  static func base64Value(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - 65)
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - 71)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte + 4)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }

  private static func quoted(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "="), index + 2 < text.endIndex, let high = hex(text[index + 1]), let low = hex(text[index + 2]) {
        output.append(high << 4 | low)
        index += 3
      } else {
        output.append(byte == UInt8(ascii: "_") ? 0x20 : byte)
        index += 1
      }
    }
    return output
  }

  static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
    default: nil
    }
  }

  /// Nil for character sets that are not known here.
  static func inUTF8(_ bytes: [UInt8], _ charset: String) -> [UInt8]? {
    switch charset {
    case "utf-8", "utf8", "us-ascii", "ascii": bytes
    case "iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252":
      bytes.flatMap { $0 < 0x80 ? [$0] : [0xc0 | $0 >> 6, 0x80 | $0 & 0x3f] }
    default: converted(bytes, charset)
    }
  }

  /// By the C library, which knows some hundred character sets.
  private static func converted(_ bytes: [UInt8], _ charset: String) -> [UInt8]? {
    let isName =
      (1...40).contains(charset.utf8.count) && charset.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    guard isName, bytes.count <= maximumConverted else { return nil }
    // Four bytes of UTF-8 are the most that one byte becomes.
    var output = [UInt8](repeating: 0, count: 4 * bytes.count + 16)
    let count = ccharset_to_utf8(charset, bytes, bytes.count, &output, output.count)
    guard count >= 0 else { return nil }
    return Array(output[..<count])
  }

  private static let maximumConverted = 64 << 20
}

extension UInt8 {
  fileprivate var isLetterOrDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x7a).contains(self | 0x20) }
}
