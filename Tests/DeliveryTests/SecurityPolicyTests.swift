// SPDX-License-Identifier: Apache-2.0
import Names
import Runtime
import Testing

@testable import Delivery

@Suite struct SecurityPolicyTests {
  @Test(arguments: [
    ("may", SecurityLevel.may), ("ENCRYPT", .encrypt), ("dane-only", .daneOnly), ("secure match=a.example:.b.example", .secure),
    ("none anything", .none), ("verify, ciphers=high, protocols=>=TLSv1.2", .verify), ("fingerprint match=aa:bb|cc:dd", .fingerprint),
  ])
  func policies(value: String, level: SecurityLevel) throws { #expect(try DestinationPolicy(value).level == level) }

  @Test(arguments: [
    "", "half-dane", "strong", "encrypt match=a", "may nonsense", "may =x", "encrypt ciphers=odd", "encrypt ciphers=high ciphers=high",
    "may tafile=/x",
    "encrypt servername=a..b", "encrypt connection_reuse=maybe", "encrypt colour=red", "secure match=",
  ])
  func badPolicies(value: String) { #expect(throws: DestinationPolicy.Fault.self) { try DestinationPolicy(value) } }

  @Test func attributes() throws {
    let secure = try DestinationPolicy("secure match=a.example:.b.example match=c.example exclude=MD5:RC4 connection_reuse=yes tafile=/a tafile=/b")
    #expect(secure.match == ["a.example", ".b.example", "c.example"])
    #expect(secure.excluded == ["MD5", "RC4"] && secure.reusesConnections == true && secure.anchorFiles == ["/a", "/b"])
    #expect(try DestinationPolicy("fingerprint match=aa:bb|cc:dd").match == ["AA:BB", "CC:DD"])
  }

  @Test(arguments: [
    ("Mail.Example.COM", ["mail.example.com", ".example.com", ".com"]), ("[mail.example.com]:587", ["[mail.example.com]:587"]),
    ("example.com:26", ["example.com:26"]), ("localhost", ["localhost"]),
  ])
  func keys(destination: String, expected: [String]) { #expect(PolicyTable.keys(destination) == expected) }

  @Test func whatIsRequiredAndOffered() {
    let peer = "mx[192.0.2.1]"
    #expect(SessionSecurity(level: .may).step(offersTLS: false, peer: peer) == .proceed)
    guard case .fail(let reason) = SessionSecurity(level: .encrypt).step(offersTLS: false, peer: peer) else {
      Issue.record("no failure")
      return
    }
    #expect(reason.status == "4.7.4" && reason.text == "TLS is required, but was not offered by host \(peer)")
  }

  @Test func clearTextOnlyForWhatHasWaitedAndHasNoPassword() {
    let may = SessionSecurity(level: .may)
    #expect(may.fallsBack(hasWaited: true, hasLogin: false))
    #expect(!may.fallsBack(hasWaited: false, hasLogin: false))
    #expect(!may.fallsBack(hasWaited: true, hasLogin: true))
    #expect(!SessionSecurity(level: .encrypt).fallsBack(hasWaited: true, hasLogin: false))
  }

  // RFC 7672 §3.1
  @Test(arguments: [
    (0, 0, 1, 32, false), (1, 0, 1, 32, false), (2, 0, 1, 32, true), (3, 1, 2, 64, true), (3, 1, 1, 31, false), (3, 2, 1, 32, false),
    (3, 1, 3, 32, false),
  ])
  func usableRecords(usage: UInt8, selector: UInt8, matching: UInt8, size: Int, isUsable: Bool) {
    let record = NameRecord.certificate(usage: usage, selector: selector, matching: matching, data: [UInt8](repeating: 1, count: size))
    #expect((TLSARecord(record) != nil) == isUsable)
  }
}

@Suite struct MTASTSTests {
  private static let text = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n"

  @Test func policy() throws {
    let policy = try #require(MTASTSPolicy(Self.text))
    #expect(policy == MTASTSPolicy(mode: .enforce, maxAge: 604_800, hosts: ["mail.example.com", "*.example.net"]))
    #expect(policy.lists("MAIL.example.com") && policy.lists("a.example.net"))
    #expect(!policy.lists("example.net") && !policy.lists("a.b.example.net") && !policy.lists("other.example.com"))
  }

  @Test(arguments: [
    "", "version: STSv2\nmode: none\nmax_age: 1", "version: STSv1\nmode: enforce\nmax_age: 1", "version: STSv1\nmode: odd\nmx: a\nmax_age: 1",
    "<html>",
  ])
  func noPolicy(text: String) { #expect(MTASTSPolicy(text) == nil) }

  @Test(arguments: [
    (["v=STSv1; id=20160831085700Z;"], "20160831085700Z"), (["v=spf1 -all", "v=STSv1;id=a"], "a"), (["v=STSv1; id=a", "v=STSv1; id=b"], nil),
    (["v=STSv1"], nil), (["v=STSv1; id=a b;"], nil), ([], nil),
  ])
  func records(texts: [String], id: String?) { #expect(MTASTSRecord.id(texts.map { Array($0.utf8) }) == id) }

  @Test func cacheKeepsItsLimitAndItsText() throws {
    var cache = MTASTSCache(limit: 2)
    for (number, age) in [100, 300, 200].enumerated() {
      let policy = MTASTSPolicy(mode: .testing, maxAge: age, hosts: ["a", "b"])
      cache.set(MTASTSCache.Entry(id: "i", policy: policy, fetched: 1000), for: "d\(number)", now: 1000)
    }
    #expect(cache.count == 2 && cache.entry("d0", now: 1000) == nil)
    let text = cache.takeText()
    #expect(!cache.hasChanged)
    var other = MTASTSCache(limit: 2)
    other.read(text, now: 1250)
    #expect(other.count == 1 && other.entry("d1", now: 1250) == cache.entry("d1", now: 1250))
    #expect(other.entry("d1", now: 1300) == nil)
  }
}

@Suite struct OutcomeLedgerTests {
  @Test func textComesBack() {
    var ledger = OutcomeLedger()
    let key = OutcomeLedger.Key(day: 20_000, domain: "one.test", policy: .sts, outcome: .certificateExpired, host: "mx.one.test")
    ledger.add(key, 2)
    ledger.add(key, 3)
    ledger.add(OutcomeLedger.Key(day: 20_000, domain: "bad name", policy: .none, outcome: .success, host: "x"), 1)
    #expect(OutcomeLedger(ledger.text) == ledger && ledger.counts == [key: 5])
    ledger.prune(before: 20_000)
    #expect(ledger.isEmpty)
  }
}
