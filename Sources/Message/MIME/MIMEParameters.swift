// SPDX-License-Identifier: Apache-2.0

/// RFC 2045 §5.1: `type/subtype; name=value; name="value"`, and Content-Disposition, which has the same form. Read leniently, as mail readers do.
package struct MIMEParameters: Equatable, Sendable {
  /// In lower case: `text/plain`, `attachment`; empty where there is none.
  package private(set) var value = ""
  private var parameters: [(name: String, value: [UInt8])] = []

  /// Of a field with very many parameters the rest is not looked at.
  private static let maximumParameters = 100

  package init(_ field: UnsafeRawBufferPointer) {
    var cursor = Cursor(field)
    cursor.skipBlanks()
    value = String(decoding: cursor.token(until: [UInt8(ascii: ";")]), as: UTF8.self).lowercased()
    while cursor.skip(to: UInt8(ascii: ";")), parameters.count < Self.maximumParameters {
      cursor.skipBlanks()
      let name = String(decoding: cursor.token(until: [UInt8(ascii: "="), UInt8(ascii: ";")]), as: UTF8.self).lowercased()
      guard cursor.take(UInt8(ascii: "=")), !name.isEmpty else { continue }
      parameters.append((name, cursor.value()))
    }
  }

  package static func == (left: MIMEParameters, right: MIMEParameters) -> Bool {
    left.value == right.value && left.parameters.elementsEqual(right.parameters) { $0.name == $1.name && $0.value == $1.value }
  }

  /// As it stands: for a boundary, which is never encoded.
  package func raw(_ name: String) -> [UInt8]? { parameters.first { $0.name == name }?.value }

  /// Decoded by RFC 2231 (continuations, character sets) or, against its rules but as everybody does, RFC 2047.
  package func text(_ name: String) -> [UInt8]? {
    if let parts = continued(name) { return parts }
    if let encoded = raw(name + "*") { return Self.decoded(encoded, isFirst: true) }
    return raw(name).map { value in value.withUnsafeBytes { EncodedWords.decoded($0) } }
  }

  /// RFC 2231 §3: `name*0`, `name*1*`, ...
  private func continued(_ name: String) -> [UInt8]? {
    var whole: [UInt8] = []
    for number in 0..<Self.maximumParameters {
      if let encoded = raw("\(name)*\(number)*") {
        whole += Self.decoded(encoded, isFirst: number == 0)
      } else if let plain = raw("\(name)*\(number)") {
        whole += plain
      } else {
        return number == 0 ? nil : whole
      }
    }
    return whole
  }

  /// RFC 2231 §4: `charset'language'text` with `%XX`; only the first piece has a character set.
  private static func decoded(_ value: [UInt8], isFirst: Bool) -> [UInt8] {
    var rest = value[...]
    var charset = "utf-8"
    let quotes = value.indices.filter { value[$0] == UInt8(ascii: "'") }
    if isFirst, quotes.count >= 2 {
      charset = String(decoding: value[..<quotes[0]], as: UTF8.self).lowercased()
      rest = value[(quotes[1] + 1)...]
    }
    var bytes: [UInt8] = []
    var index = rest.startIndex
    while index < rest.endIndex {
      if rest[index] == UInt8(ascii: "%"), index + 2 < rest.endIndex, let high = EncodedWords.hex(rest[index + 1]),
        let low = EncodedWords.hex(rest[index + 2])
      {
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(rest[index])
        index += 1
      }
    }
    return EncodedWords.inUTF8(bytes, charset) ?? bytes
  }

  private struct Cursor {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// White space and comments.
    mutating func skipBlanks() {
      var depth = 0
      while let byte = next {
        if byte == UInt8(ascii: "(") { depth += 1 } else if depth == 0, byte > 0x20 { return }
        if byte == UInt8(ascii: ")") { depth -= 1 }
        if byte == UInt8(ascii: "\\") { index += 1 }
        index += 1
      }
      index = min(index, bytes.count)
    }

    mutating func take(_ byte: UInt8) -> Bool {
      skipBlanks()
      guard next == byte else { return false }
      index += 1
      return true
    }

    mutating func skip(to byte: UInt8) -> Bool {
      while let found = next {
        index += 1
        if found == byte { return true }
      }
      return false
    }

    mutating func token(until ends: [UInt8]) -> [UInt8] {
      let start = index
      while let byte = next, byte > 0x20, byte != UInt8(ascii: "("), !ends.contains(byte) { index += 1 }
      return Array(bytes[start..<index])
    }

    mutating func value() -> [UInt8] {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { return unquoted() }
      index += 1
      var value: [UInt8] = []
      while let byte = next, byte != UInt8(ascii: "\"") {
        if byte == UInt8(ascii: "\\"), index + 1 < bytes.count { index += 1 }
        if bytes[index] != 0x0a, bytes[index] != 0x0d { value.append(bytes[index]) }
        index += 1
      }
      index = min(index + 1, bytes.count)
      return value
    }

    /// People forget the quotes around names with blanks.
    private mutating func unquoted() -> [UInt8] {
      let start = index
      while let byte = next, byte != UInt8(ascii: ";") { index += 1 }
      var end = index
      while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
      return bytes[start..<end].filter { $0 != 0x0a && $0 != 0x0d }
    }
  }
}
