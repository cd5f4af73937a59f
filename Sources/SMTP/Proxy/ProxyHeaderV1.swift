// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.9 4711 25` and CRLF; `PROXY UNKNOWN`, after which anything may stand.
enum ProxyHeaderV1 {
  private static let mark: StaticString = "PROXY "

  static func parse(_ bytes: UnsafeRawBufferPointer) -> ProxyHeader.Progress {
    guard bytes.begins(with: mark) else { return .failed(.noHeader) }
    let line = bytes.slice(0, ProxyHeader.maximumLineLength)
    guard let end = line.offset(of: 0x0a) else { return bytes.count < ProxyHeader.maximumLineLength ? .needMore : .failed(.lineTooLong) }
    guard end > 0, line[end &- 1] == 0x0d, let header = parseLine(line.slice(mark.utf8CodeUnitCount, end &- 1)) else { return .failed(.badLine) }
    return .complete(header, length: end &+ 1)
  }

  /// The words are parted by one blank each.
  private static func parseLine(_ line: UnsafeRawBufferPointer) -> ProxyHeader? {
    guard line.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return nil }
    let words = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
    if words.first == "UNKNOWN" { return .connection }
    guard words.count == 5, let family = family(words[0]), let source = endpoint(words[1], words[3], family),
      let destination = endpoint(words[2], words[4], family)
    else { return nil }
    return .client(source, destination: destination)
  }

  private static func family(_ word: Substring) -> IPAddress.Family? {
    switch word {
    case "TCP4": .v4
    case "TCP6": .v6
    default: nil
    }
  }

  private static func endpoint(_ address: Substring, _ port: Substring, _ family: IPAddress.Family) -> Client.Endpoint? {
    guard let address = IPAddress(address), address.family == family, let port = parsePort(port) else { return nil }
    return Client.Endpoint(address.unmapped, port: port)
  }

  /// Decimal, without zeros in front.
  private static func parsePort(_ text: Substring) -> UInt16? {
    guard text.utf8.allSatisfy(ASCIISet.digit.contains), text.utf8.first != 0x30 || text.utf8.count == 1 else { return nil }
    return UInt16(text)
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are the start of `word`, or `word` is the start of them.
  func begins(with word: StaticString) -> Bool {
    word.withUTF8Buffer { word in
      for index in 0..<Swift.min(count, word.count) where self[index] != word[index] { return false }
      return true
    }
  }
}
