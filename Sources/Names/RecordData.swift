// SPDX-License-Identifier: Apache-2.0
import Bytes

extension NameRecord {
  /// Reads the data of one record as it came from the wire, its names uncompressed; nil if it is not what its type says.
  package init?(_ type: RecordType, _ data: UnsafeRawBufferPointer) {
    var cursor = ByteCursor(data)
    guard let record = Self.parse(type, &cursor), cursor.isAtEnd else { return nil }
    self = record
  }

  private static func parse(_ type: RecordType, _ cursor: inout ByteCursor) -> NameRecord? {
    switch type {
    case .a: cursor.nextUInt32().map { .address(IPAddress(v4: $0)) }
    case .aaaa: parseAAAA(&cursor)
    case .ns: cursor.nextDomainName().map { .server($0) }
    case .ptr: cursor.nextDomainName().map { .pointer($0) }
    case .mx: parseMX(&cursor)
    case .txt: parseTXT(&cursor)
    case .soa: parseSOA(&cursor)
    case .tlsa: parseTLSA(&cursor)
    }
  }

  private static func parseAAAA(_ cursor: inout ByteCursor) -> NameRecord? {
    guard let high = cursor.nextUInt64(), let low = cursor.nextUInt64() else { return nil }
    return .address(IPAddress(v6: high, low))
  }

  /// RFC 1035 §3.3.9. The null exchanger of RFC 7505 has the root for a host: `.`.
  private static func parseMX(_ cursor: inout ByteCursor) -> NameRecord? {
    guard let preference = cursor.nextUInt16(), let host = cursor.nextDomainName() else { return nil }
    return .exchanger(preference: preference, host: host)
  }

  /// RFC 1035 §3.3.14: one or more character-strings. RFC 7208 §3.3 joins them without a space.
  private static func parseTXT(_ cursor: inout ByteCursor) -> NameRecord? {
    guard !cursor.isAtEnd else { return nil }
    var text: [UInt8] = []
    while let count = cursor.next() {
      guard let part = cursor.take(Int(count)) else { return nil }
      text.append(contentsOf: part)
    }
    return .text(text)
  }

  /// RFC 1035 §3.3.13
  private static func parseSOA(_ cursor: inout ByteCursor) -> NameRecord? {
    guard let server = cursor.nextDomainName(), let contact = cursor.nextDomainName(), let serial = cursor.nextUInt32(),
      // Refresh, retry, expire and minimum.
      cursor.take(16) != nil
    else { return nil }
    return .authority(server: server, contact: contact, serial: serial)
  }

  /// RFC 6698 §2.1
  private static func parseTLSA(_ cursor: inout ByteCursor) -> NameRecord? {
    guard let usage = cursor.next(), let selector = cursor.next(), let matching = cursor.next(), let data = cursor.take(cursor.rest.count)
    else { return nil }
    return .certificate(usage: usage, selector: selector, matching: matching, data: Array(data))
  }
}

extension ByteCursor {
  /// The next `count` bytes; nil, and nothing is read, where there are fewer.
  fileprivate mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard rest.count >= count else { return nil }
    let taken = rest.slice(0, count)
    for _ in 0..<count { _ = next() }
    return taken
  }

  private mutating func nextInteger<Word: FixedWidthInteger & UnsignedInteger>(_ type: Word.Type) -> Word? {
    take(Word.bitWidth / 8).map { $0.reduce(0) { $0 << 8 | Word($1) } }
  }

  fileprivate mutating func nextUInt16() -> UInt16? { nextInteger(UInt16.self) }
  fileprivate mutating func nextUInt32() -> UInt32? { nextInteger(UInt32.self) }
  fileprivate mutating func nextUInt64() -> UInt64? { nextInteger(UInt64.self) }

  /// RFC 1035 §3.1: labels up to the empty one, 255 octets at most; the root is `.`, other names have no dot at the end.
  ///
  /// A label may hold any octet. What would be taken for something else in text is written as RFC 1035 §5.1 has it: `\.`, `\\`, `\032`.
  fileprivate mutating func nextDomainName() -> String? {
    let start = position
    var text: [UInt8] = []
    while let count = next() {
      guard position - start + Int(count) <= 255 else { return nil }
      if count == 0 { return text.isEmpty ? "." : String(decoding: text, as: UTF8.self) }
      // The two high bits are compression (RFC 1035 §4.1.4), which has no place here.
      guard count <= 63, let label = take(Int(count)) else { return nil }
      if !text.isEmpty { text.append(UInt8(ascii: ".")) }
      for byte in label { text.append(labelByte: byte) }
    }
    return nil
  }
}

extension [UInt8] {
  fileprivate mutating func append(labelByte byte: UInt8) {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "\\"): self += [UInt8(ascii: "\\"), byte]
    case 0x21...0x7e: append(byte)
    default: self += [UInt8(ascii: "\\"), 0x30 + byte / 100, 0x30 + byte / 10 % 10, 0x30 + byte % 10]
    }
  }
}
