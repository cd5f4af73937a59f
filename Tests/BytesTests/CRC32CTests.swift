// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@Suite struct CRC32CTests {
  @Test(arguments: [
    (Array(repeating: UInt8(0), count: 32), UInt32(0x8a91_36aa)),
    (Array(repeating: UInt8(0xff), count: 32), UInt32(0x62a8_ab43)),
    (Array(UInt8(0)...31), UInt32(0x46dd_794e)),
    (Array("123456789".utf8), UInt32(0xe306_9283)),
  ])
  func knownVectors(bytes: [UInt8], expected: UInt32) {
    var crc = CRC32C()
    crc.update(bytes)
    #expect(crc.value == expected)
  }

  @Test func piecesEqualTheWhole() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var whole = CRC32C()
    whole.update(bytes)
    for cut in [0, 1, 7, 8, 9, 500, 999, 1000] {
      var parts = CRC32C()
      parts.update(Array(bytes[..<cut]))
      parts.update(Array(bytes[cut...]))
      #expect(parts == whole)
    }
  }
}
