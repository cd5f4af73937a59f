// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Bytes

@Suite struct IPAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
  ])
  func parsesAndPrints(text: String, canonical: String) {
    #expect(IPAddress(text)?.description == canonical)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "1..2.3", "+1.2.3.4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::", "12345::", "::+1", "::g", "1.2.3.4::", "[::1]", "::1%eth0", ":1:2:3:4:5:6:7", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4",
  ])
  func refuses(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func unmapsIPv4() {
    #expect(IPAddress("::ffff:10.1.2.3")?.unmapped == IPAddress("10.1.2.3"))
    #expect(IPAddress("::1")?.unmapped == .loopbackV6)
  }

  @Test(arguments: [
    ("10.0.0.0", 8, "10.255.0.1", true), ("10.0.0.0", 8, "11.0.0.0", false), ("0.0.0.0", 0, "1.2.3.4", true), ("0.0.0.0", 0, "::1", false),
    ("127.0.0.1", 32, "127.0.0.1", true), ("127.0.0.1", 32, "127.0.0.2", false), ("2001:db8::", 32, "2001:db8:ffff::1", true),
    ("2001:db8::", 32, "2001:db9::1", false), ("::1", 128, "::1", true), ("2001:db8:0:0:8000::", 65, "2001:db8::8000:0:0:1", true),
    ("2001:db8:0:0:8000::", 65, "2001:db8::7000:0:0:1", false), ("::", 0, "ff::", true),
  ])
  func contains(network: String, length: Int, address: String, expected: Bool) throws {
    let first = try #require(IPAddress(network))
    let block = try #require(IPNetwork(first, length: length))
    #expect(block.contains(try #require(IPAddress(address))) == expected)
  }

  @Test func refusesHostBitsAndLongPrefixes() {
    #expect(IPNetwork(.loopbackV4, length: 8) == nil)
    #expect(IPNetwork(.anyV4, length: 33) == nil)
    #expect(IPNetwork(.anyV6, length: 129) == nil)
    #expect(IPNetwork(.anyV6, length: -1) == nil)
    #expect(IPNetwork(.loopbackV4).description == "127.0.0.1")
    #expect(IPNetwork(.anyV6, length: 0)?.description == "[::]/0")
  }
}
