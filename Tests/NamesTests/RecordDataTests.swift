// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Testing

@Suite struct RecordDataTests {
  func record(_ type: RecordType, _ data: [UInt8]) -> NameRecord? { data.withUnsafeBytes { NameRecord(type, $0) } }

  func name(_ labels: String...) -> [UInt8] { labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0] }

  @Test func addresses() {
    #expect(record(.a, [192, 0, 2, 1]) == .address(IPAddress(v4: 0xc000_0201)))
    #expect(record(.aaaa, [UInt8](repeating: 0, count: 15) + [1]) == .address(.loopbackV6))
    for count in [0, 3, 5] { #expect(record(.a, [UInt8](repeating: 1, count: count)) == nil) }
    for count in [0, 4, 15, 17] { #expect(record(.aaaa, [UInt8](repeating: 1, count: count)) == nil) }
  }

  @Test func names() {
    #expect(record(.ptr, name("mx", "example", "org")) == .pointer("mx.example.org"))
    #expect(record(.ns, name("NS")) == .server("NS"))
    #expect(record(.mx, [0, 10] + name("mx", "test")) == .exchanger(preference: 10, host: "mx.test"))
    #expect(record(.mx, [0, 0, 0]) == .exchanger(preference: 0, host: "."))
  }

  @Test func whatNeedsItIsWrittenWithABackslash() {
    #expect(record(.ptr, [3] + Array("a.b".utf8) + [1, 0x5c, 2, 0, 0xff, 1, 0x20, 0]) == .pointer("a\\.b.\\\\.\\000\\255.\\032"))
  }

  @Test func namesEndWhereTheyMust() {
    #expect(record(.ptr, []) == nil)
    #expect(record(.ptr, [1]) == nil)
    #expect(record(.ptr, [2, 0x61, 0]) == nil)
    #expect(record(.ptr, [1, 0x61]) == nil)
    #expect(record(.ptr, name("a") + [0]) == nil)
    #expect(record(.ptr, [0xc0, 0x0c]) == nil)
    #expect(record(.ptr, [64] + [UInt8](repeating: 0x61, count: 64) + [0]) == nil)
    #expect(record(.mx, [0]) == nil)
    #expect(record(.mx, [0, 1]) == nil)
  }

  @Test func namesHave255Octets() {
    let label = [63] + [UInt8](repeating: 0x61, count: 63)
    let longest = label + label + label + [61] + [UInt8](repeating: 0x61, count: 61) + [0]
    #expect(longest.count == 255)
    #expect(record(.ptr, longest) != nil)
    #expect(record(.ptr, label + label + label + [62] + [UInt8](repeating: 0x61, count: 62) + [0]) == nil)
  }

  @Test func texts() {
    #expect(record(.txt, [0]) == .text([]))
    #expect(record(.txt, [1, 0x61, 0, 2, 0x62, 0x0a]) == .text([0x61, 0x62, 0x0a]))
    #expect(record(.txt, []) == nil)
    #expect(record(.txt, [2, 0x61]) == nil)
  }

  @Test func authorities() {
    let numbers = [UInt8](repeating: 0, count: 16)
    #expect(record(.soa, name("ns") + name("root") + [1, 2, 3, 4] + numbers) == .authority(server: "ns", contact: "root", serial: 0x0102_0304))
    #expect(record(.soa, name("ns") + name("root") + [1, 2, 3, 4] + numbers.dropLast()) == nil)
    #expect(record(.soa, name("ns") + name("root") + [1, 2, 3, 4] + numbers + [0]) == nil)
  }

  @Test func certificates() {
    #expect(record(.tlsa, [3, 1, 1, 9]) == .certificate(usage: 3, selector: 1, matching: 1, data: [9]))
    #expect(record(.tlsa, [3, 1]) == nil)
  }
}
