// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Testing

/// The form that Postfix's filters of DNS replies are written for: `name ttl class type preference value`.
@Suite struct RecordTextTests {
  @Test(arguments: [
    (NameRecord.address(IPAddress(v4: 0xc000_0201)), "A 192.0.2.1"),
    (.address(IPAddress(v6: 0x2001_0db8_0000_0000, 1)), "AAAA 2001:db8::1"),
    (.exchanger(preference: 10, host: "mx.example.com"), "MX 10 mx.example.com."),
    (.exchanger(preference: 0, host: "."), "MX 0 ."),
    (.exchanger(preference: 0, host: ""), "MX 0 ."),
    (.pointer("host.example.com"), "PTR host.example.com."),
    (.server("ns.example.com"), "NS ns.example.com."),
    (.text(Array("v=spf1 -all".utf8)), "TXT v=spf1 -all"),
    (.authority(server: "ns.example.com", contact: "root.example.com", serial: 7), "SOA ns.example.com. root.example.com. 7"),
    (.certificate(usage: 3, selector: 1, matching: 1, data: [0x00, 0x0a, 0xff]), "TLSA 3 1 1 000AFF"),
  ])
  func text(record: NameRecord, data: String) {
    #expect(record.text(name: "example.com", timeToLive: 3600) == "example.com. 3600 IN \(data)")
  }
}
