// SPDX-License-Identifier: Apache-2.0
import Bytes

/// Version 2: a signature of 12 bytes, version and command, family and transport, the length of the rest, addresses, fields (TLVs).
enum ProxyHeaderV2 {
  private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]
  private static let fixedLength = 16
  /// PP2_TYPE_CRC32C.
  private static let checksumType: UInt8 = 0x03

  private enum Command { case local, proxy }
  private enum Addresses { case unspecified, v4, v6, unix }

  static func mayBegin(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.isEmpty == false && zip(bytes, signature).allSatisfy(==)
  }

  static func parse(_ bytes: UnsafeRawBufferPointer) -> ProxyHeader.Progress {
    do throws(ProxyHeader.Fault) {
      guard bytes.count > signature.count else { return .needMore }
      let command = try command(bytes[signature.count])
      guard bytes.count >= fixedLength else { return .needMore }
      let addresses = try addresses(bytes[13], command)
      let length = bytes.word(at: 14)
      guard length <= ProxyHeader.maximumBodyLength else { throw ProxyHeader.Fault.tooLong }
      guard bytes.count >= fixedLength &+ length else { return .needMore }
      let header = bytes.slice(0, fixedLength &+ length)
      return .complete(try body(of: header, command, addresses), length: header.count)
    } catch {
      return .failed(error)
    }
  }

  private static func command(_ byte: UInt8) throws(ProxyHeader.Fault) -> Command {
    switch byte {
    case 0x20: return .local
    case 0x21: return .proxy
    default: throw .badVersion
    }
  }

  /// Of LOCAL, whatever stands here is ignored.
  private static func addresses(_ byte: UInt8, _ command: Command) throws(ProxyHeader.Fault) -> Addresses {
    switch byte {
    case _ where command == .local: return .unspecified
    case 0x00: return .unspecified
    case 0x11: return .v4
    case 0x21: return .v6
    case 0x31: return .unix
    default: throw .badFamily
    }
  }

  private static func body(
    of header: UnsafeRawBufferPointer, _ command: Command, _ addresses: Addresses
  ) throws(ProxyHeader.Fault) -> ProxyHeader {
    if command == .local { return .connection }
    let body = header.slice(fixedLength, header.count)
    let length =
      switch addresses {
      case .unspecified: 0
      case .v4: 12
      case .v6: 36
      case .unix: 216
      }
    guard body.count >= length else { throw .tooShort }
    try checkFields(of: header, from: fixedLength &+ length)
    switch addresses {
    case .unspecified, .unix: return .connection
    case .v4: return .client(endpointV4(body, 0, port: 8), destination: endpointV4(body, 4, port: 10))
    case .v6: return .client(endpointV6(body, 0, port: 32), destination: endpointV6(body, 16, port: 34))
    }
  }

  /// All are skipped (TLS facts, ALPN, names …) but the checksum, which must match where it is sent. What follows addresses that are unspecified
  /// is not said to be fields at all.
  private static func checkFields(of header: UnsafeRawBufferPointer, from start: Int) throws(ProxyHeader.Fault) {
    if start == fixedLength { return }
    var position = start
    while position < header.count {
      guard position &+ 3 <= header.count else { throw .badTLV }
      let length = header.word(at: position &+ 1)
      let value = position &+ 3
      guard value &+ length <= header.count else { throw .badTLV }
      if header[position] == checksumType { try check(header, checksumAt: value, length) }
      position = value &+ length
    }
  }

  /// The checksum is that of the whole header with its own four bytes as zeros.
  private static func check(_ header: UnsafeRawBufferPointer, checksumAt position: Int, _ length: Int) throws(ProxyHeader.Fault) {
    guard length == 4 else { throw .badChecksum }
    var checksum = CRC32C()
    checksum.update(header.slice(0, position))
    checksum.update([0, 0, 0, 0])
    checksum.update(header.slice(position &+ 4, header.count))
    guard checksum.value == UInt32(header.word(at: position)) << 16 | UInt32(header.word(at: position &+ 2)) else { throw .badChecksum }
  }

  private static func endpointV4(_ body: UnsafeRawBufferPointer, _ offset: Int, port: Int) -> Client.Endpoint {
    let address = UInt32(body.word(at: offset)) << 16 | UInt32(body.word(at: offset &+ 2))
    return Client.Endpoint(IPAddress(v4: address), port: UInt16(truncatingIfNeeded: body.word(at: port)))
  }

  private static func endpointV6(_ body: UnsafeRawBufferPointer, _ offset: Int, port: Int) -> Client.Endpoint {
    let words = (0..<8).map { UInt64(body.word(at: offset &+ $0 &* 2)) }
    let high = words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3]
    let low = words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7]
    return Client.Endpoint(IPAddress(v6: high, low).unmapped, port: UInt16(truncatingIfNeeded: body.word(at: port)))
  }
}

extension UnsafeRawBufferPointer {
  /// Two bytes, the higher first; what is beyond the end counts as 0.
  fileprivate func word(at offset: Int) -> Int {
    guard offset >= 0, offset &+ 1 < count else { return 0 }
    return Int(self[offset]) << 8 | Int(self[offset &+ 1])
  }
}
