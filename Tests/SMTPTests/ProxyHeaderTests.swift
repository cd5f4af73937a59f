// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing

@Suite struct ProxyHeaderTests {
  private static let signature: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]

  private func parse(_ bytes: [UInt8]) -> ProxyHeader.Progress { bytes.withUnsafeBytes(ProxyHeader.parse) }
  private func parse(_ text: String) -> ProxyHeader.Progress { parse(Array(text.utf8)) }

  private static func v2(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
    signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
  }

  private static func client(_ source: String, _ port: UInt16, _ destination: String, _ destinationPort: UInt16) throws -> ProxyHeader {
    .client(
      Client.Endpoint(try #require(IPAddress(source)), port: port),
      destination: Client.Endpoint(try #require(IPAddress(destination)), port: destinationPort))
  }

  @Test func lines() throws {
    let v4 = "PROXY TCP4 192.0.2.1 192.0.2.9 4711 25\r\n"
    #expect(parse(v4 + "EHLO x\r\n") == .complete(try Self.client("192.0.2.1", 4711, "192.0.2.9", 25), length: v4.utf8.count))
    let v6 = "PROXY TCP6 2001:db8::1 2001:db8::9 65535 0\r\n"
    #expect(parse(v6) == .complete(try Self.client("2001:db8::1", 65535, "2001:db8::9", 0), length: v6.utf8.count))
    let mapped = "PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n"
    #expect(parse(mapped) == .complete(try Self.client("192.0.2.1", 1, "::1", 2), length: mapped.utf8.count))
    for unknown in ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN what ever 1 2\r\n"] {
      #expect(parse(unknown) == .complete(.connection, length: unknown.utf8.count))
    }
  }

  @Test func everyPartOfALineNeedsMore() {
    let line = "PROXY TCP4 192.0.2.1 192.0.2.9 4711 25\r\n"
    for length in 1..<line.utf8.count { #expect(parse(Array(line.utf8.prefix(length))) == .needMore) }
  }

  @Test func theLongestLine() {
    let start = "PROXY UNKNOWN "
    let fits = start + String(repeating: "x", count: ProxyHeader.maximumLineLength - start.utf8.count - 2) + "\r\n"
    #expect(parse(fits) == .complete(.connection, length: 107))
    #expect(parse("\(start)\(String(repeating: "x", count: 92))\r\n") == .failed(.lineTooLong))
    #expect(parse(String(fits.dropLast())) == .needMore)
  }

  @Test(arguments: [
    "PROXY TCP4 192.0.2.1 192.0.2.9 4711 25\n", "PROXY TCP4 192.0.2.1 192.0.2.9 4711\r\n", "PROXY TCP4 192.0.2.1 192.0.2.9 4711 25 26\r\n",
    "PROXY TCP4 192.0.2.1  192.0.2.9 4711 25\r\n", "PROXY TCP4 ::1 ::1 4711 25\r\n", "PROXY TCP6 192.0.2.1 192.0.2.9 4711 25\r\n",
    "PROXY TCP4 192.0.2.1 192.0.2.9 4711 65536\r\n", "PROXY TCP4 192.0.2.1 192.0.2.9 04711 25\r\n", "PROXY TCP4 192.0.2.1 192.0.2.9 +1 25\r\n",
    "PROXY TCP4 192.0.2.256 192.0.2.9 4711 25\r\n", "PROXY UDP4 192.0.2.1 192.0.2.9 4711 25\r\n", "PROXY tcp4 192.0.2.1 192.0.2.9 4711 25\r\n",
    "PROXY \r\n", "PROXY UNKNOWN\u{7}\r\n",
  ])
  func badLines(line: String) { #expect(parse(line) == .failed(.badLine)) }

  @Test(arguments: ["EHLO x\r\n", "proxy TCP4", "\r\n\r\nQUIT", "PROXYTCP4", " PROXY TCP4"])
  func whatIsNoHeader(text: String) { #expect(parse(text) == .failed(.noHeader)) }

  @Test func version2() throws {
    let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 9, 0x12, 0x67, 0, 25]
    let header = Self.v2(0x21, 0x11, v4)
    #expect(parse(header) == .complete(try Self.client("192.0.2.1", 4711, "192.0.2.9", 25), length: 28))
    for length in 1..<header.count { #expect(parse(Array(header.prefix(length))) == .needMore) }
    let v6: [UInt8] = [0x20, 0x01, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1] + Array(repeating: 0, count: 15) + [1, 0x12, 0x67, 0, 25]
    #expect(parse(Self.v2(0x21, 0x21, v6)) == .complete(try Self.client("2001:db8::1", 4711, "::1", 25), length: 52))
    #expect(parse(Self.v2(0x21, 0x31, Array(repeating: 0x2f, count: 216))) == .complete(.connection, length: 232))
    #expect(parse(Self.v2(0x21, 0x00, [])) == .complete(.connection, length: 16))
    // What a health check sends, with fields or without.
    #expect(parse(Self.v2(0x20, 0x00, []) + [0x45]) == .complete(.connection, length: 16))
    #expect(parse(Self.v2(0x20, 0x11, v4)) == .complete(.connection, length: 28))
  }

  @Test func fieldsAreSkipped() throws {
    let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 9, 0x12, 0x67, 0, 25]
    let fields: [UInt8] = [0x01, 0, 2, 0x68, 0x32, 0x02, 0, 0, 0x20, 0, 5, 1, 0, 0, 0, 0]
    #expect(parse(Self.v2(0x21, 0x11, v4 + fields)) == .complete(try Self.client("192.0.2.1", 4711, "192.0.2.9", 25), length: 28 + fields.count))
    #expect(parse(Self.v2(0x21, 0x11, v4 + [0x01, 0])) == .failed(.badTLV))
    #expect(parse(Self.v2(0x21, 0x11, v4 + [0x01, 0, 3, 1, 2])) == .failed(.badTLV))
  }

  @Test func theChecksumMustMatchWhereThereIsOne() throws {
    let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 9, 0x12, 0x67, 0, 25]
    var header = Self.v2(0x21, 0x11, v4 + [0x03, 0, 4, 0, 0, 0, 0, 0x04, 0, 1, 9])
    var checksum = CRC32C()
    checksum.update(header)
    for index in 0..<4 { header[31 + index] = UInt8(truncatingIfNeeded: checksum.value >> UInt32(24 - index * 8)) }
    #expect(parse(header) == .complete(try Self.client("192.0.2.1", 4711, "192.0.2.9", 25), length: header.count))
    header[16] ^= 1
    #expect(parse(header) == .failed(.badChecksum))
    #expect(parse(Self.v2(0x21, 0x11, v4 + [0x03, 0, 3, 0, 0, 0])) == .failed(.badChecksum))
  }

  @Test func whatVersion2MayNotBe() {
    let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 9, 0x12, 0x67, 0, 25]
    #expect(parse(Self.v2(0x11, 0x11, v4)) == .failed(.badVersion))
    #expect(parse(Self.v2(0x22, 0x11, v4)) == .failed(.badVersion))
    #expect(parse(Self.v2(0x21, 0x12, v4)) == .failed(.badFamily))
    #expect(parse(Self.v2(0x21, 0x41, v4)) == .failed(.badFamily))
    #expect(parse(Self.v2(0x21, 0x11, Array(v4.dropLast()))) == .failed(.tooShort))
    #expect(parse(Self.v2(0x21, 0x21, v4)) == .failed(.tooShort))
    let longest = Self.v2(0x20, 0, Array(repeating: 0, count: ProxyHeader.maximumBodyLength))
    #expect(parse(longest) == .complete(.connection, length: longest.count))
    #expect(parse(Self.v2(0x20, 0, Array(repeating: 0, count: ProxyHeader.maximumBodyLength + 1))) == .failed(.tooLong))
  }
}
