// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Testing

@Suite struct QuestionTests {
  @Test func addressesAreAskedForBackwards() throws {
    #expect(NameQuery.ptr(IPAddress(v4: 0xc000_0201)).name == "1.2.0.192.in-addr.arpa")
    let six = try #require(IPAddress("2001:db8::567:89ab"))
    #expect(NameQuery.ptr(six).name == "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
  }

  @Test(arguments: ["a", "a.test", "a.test.", "_25._tcp.mx.test", "0/25.2.0.192.in-addr.arpa", "*.test", String(repeating: "a", count: 63)])
  func namesThatCanBeAsked(name: String) { #expect(NameQuery.txt(name).name == name) }

  @Test(arguments: ["", ".", "..", ".a", "a..b", "a b", "a\tb", "a\\b", "a\u{0}b", "ü", "a\u{7f}", String(repeating: "a", count: 64)])
  func namesThatCannot(name: String) { #expect(NameQuery.txt(name).name == nil) }

  @Test func namesHave253Characters() {
    let label = String(repeating: "a", count: 49) + "."
    let name = String(repeating: label, count: 5) + "abc"
    #expect(NameQuery.a(name).name != nil)
    #expect(NameQuery.a(name + ".").name != nil)
    #expect(NameQuery.a(name + "d").name == nil)
  }
}
