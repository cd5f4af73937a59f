// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Testing

@Suite struct ResolverConfigurationTests {
  func servers(_ text: String) -> [String] { ResolverConfiguration(resolvConf: text).servers.map(\.description) }

  @Test func serversInTheirOrder() {
    #expect(servers("# made by hand\nnameserver 192.0.2.1\n; no\nnameserver\t2001:db8::1  \nsearch a.test\n") == ["192.0.2.1", "2001:db8::1"])
    #expect(servers("nameserver fe80::1%eth0") == ["fe80::1%eth0"])
  }

  @Test func threeCount() { #expect(servers((1...5).map { "nameserver 192.0.2.\($0)\n" }.joined()).count == 3) }

  @Test(arguments: ["", "nameserver", "nameserver dns.example", "nameserver 1.2.3", "Nameserver 192.0.2.1", "nameserver 192.0.2.1@0"])
  func withoutOneTheLocalOne(text: String) { #expect(servers(text) == ["127.0.0.1"]) }

  @Test(arguments: [("timeout:2", 2), ("timeout:0", 1), ("timeout:99", 30), ("timeout:x", 5), ("attempts:3", 5), ("rotate timeout:3", 3)])
  func timeouts(options: String, seconds: Int) {
    #expect(ResolverConfiguration(resolvConf: "options \(options)").timeout == .seconds(seconds))
  }

  @Test func ports() {
    #expect(ResolverConfiguration.Server("192.0.2.1@5353")?.port == 5353)
    #expect(ResolverConfiguration.Server("::1@53")?.description == "::1")
    for wrong in ["192.0.2.1@", "192.0.2.1@0", "192.0.2.1@65536", "192.0.2.1@+1", "192.0.2.1:53", "@53", "192.0.2.1%a b"] {
      #expect(ResolverConfiguration.Server(wrong) == nil)
    }
  }
}

@Suite struct HostsFileTests {
  let hosts = HostsFile(
    """
    127.0.0.1  localhost
    ::1  localhost ip6-localhost
    192.0.2.1 mx.example.test MX alias # not this
    192.0.2.2 mx.example.test
    2001:db8::1 mx.example.test
    192.0.2.1 second.test
    192.0.2.3
    nonsense here
    #192.0.2.4 commented
    """)

  @Test func namesHaveAllTheirAddresses() {
    #expect(hosts.answer(.a("MX.Example.Test")) == [.address(IPAddress(v4: 0xc000_0201)), .address(IPAddress(v4: 0xc000_0202))])
    #expect(hosts.answer(.a("alias")) == [.address(IPAddress(v4: 0xc000_0201))])
    #expect(hosts.answer(.aaaa("localhost")) == [.address(.loopbackV6)])
    #expect(hosts.answer(.aaaa("alias")) == [])
    for absent in ["not", "this", "here", "commented", ""] { #expect(hosts.answer(.a(absent)) == nil) }
  }

  @Test func theFirstLineNamesAnAddress() {
    #expect(hosts.answer(.ptr(IPAddress(v4: 0xc000_0201))) == [.pointer("mx.example.test")])
    #expect(hosts.answer(.ptr(IPAddress(v4: 0xc000_0203))) == nil)
    #expect(hosts.answer(.ptr(.loopbackV6)) == [.pointer("localhost")])
  }

  @Test func otherRecordsAreNotItsBusiness() {
    #expect(hosts.answer(.mx("localhost")) == nil)
    #expect(hosts.answer(.txt("localhost")) == nil)
  }
}
