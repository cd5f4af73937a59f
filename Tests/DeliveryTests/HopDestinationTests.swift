// SPDX-License-Identifier: Apache-2.0
import Bytes
import Testing

@testable import Delivery

@Suite struct HopDestinationTests {
  @Test(arguments: [
    ("example.com", HopDestination.Kind.domain("example.com"), 25), ("example.com:2525", .domain("example.com"), 2525),
    ("[mx.example.com]", .host("mx.example.com"), 25), ("[mx.example.com]:587", .host("mx.example.com"), 587),
    ("[mx.example.com]:submission", .host("mx.example.com"), 587), ("[192.0.2.1]", .address(IPAddress(v4: 0xc000_0201)), 25),
    ("192.0.2.1:26", .address(IPAddress(v4: 0xc000_0201)), 26), ("[ipv6:::1]:26", .address(IPAddress(v6: 0, 1)), 26),
    ("[::1]", .address(IPAddress(v6: 0, 1)), 25), ("inet:example.com:24", .domain("example.com"), 24),
  ])
  func forSMTP(text: String, kind: HopDestination.Kind, port: Int) {
    let destination = HopDestination(text, isLMTP: false, defaultPort: 25)
    #expect(destination?.kind == kind && destination?.port == UInt16(port))
  }

  @Test(arguments: [
    ("unix:/run/lmtp", HopDestination.Kind.socket(path: "/run/lmtp"), 0), ("unix:private/lmtp", .socket(path: "private/lmtp"), 0),
    ("inet:mail.example.com:2400", .host("mail.example.com"), 2400), ("mail.example.com", .host("mail.example.com"), 24),
  ])
  func forLMTP(text: String, kind: HopDestination.Kind, port: Int) {
    let destination = HopDestination(text, isLMTP: true, defaultPort: 24)
    #expect(destination?.kind == kind && destination?.port == UInt16(port))
  }

  @Test(arguments: ["", "[", "[]", "[x", "[x]25", "x:", "x:0", "x:65536", "x:+1", "unix:", ":25"])
  func whatIsNone(text: String) { #expect(HopDestination(text, isLMTP: true, defaultPort: 24) == nil) }
}
