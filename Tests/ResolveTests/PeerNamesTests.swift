// SPDX-License-Identifier: Apache-2.0
import Bytes
import Embedded
import Runtime
import Testing

@Suite struct PeerNamesTests {
  let loop = EmbeddedLoop()
  let dns: ScriptedNames
  let names: PeerNames
  let answers = Monitor<[PeerName]>([])
  let client = IPAddress(v4: 0xc000_0201)
  let other = IPAddress(v4: 0xc000_0202)

  init() {
    let loop = loop
    dns = ScriptedNames(on: loop)
    names = PeerNames(service: dns, capacity: 2) { loop.now }
  }

  func begin(_ address: IPAddress) {
    let (names, answers) = (names, answers)
    loop.spawn {
      let name = await names.lookUp(address)
      answers.withLock { $0.append(name) }
    }
    loop.runUntilIdle()
  }

  func lookUp(_ address: IPAddress) throws -> PeerName {
    begin(address)
    #expect(loop.liveTasks == 0)
    return try #require(answers.withLock { $0.popLast() })
  }

  func know(_ address: IPAddress, _ name: String) {
    dns.script(.ptr(address), .pointer(name))
    dns.script(address.family == .v4 ? .a(name) : .aaaa(name), .address(address))
  }

  func expect(_ name: PeerName, _ status: PeerName.Status, _ verified: String, _ reverse: String, _ place: SourceLocation = #_sourceLocation) {
    #expect(name.status == status, sourceLocation: place)
    #expect(name.name == verified, sourceLocation: place)
    #expect(name.reverseName == reverse, sourceLocation: place)
  }

  @Test func aNameThatPointsBackIsVerified() throws {
    dns.script(.ptr(client), .pointer("mx.example.org"))
    dns.script(.a("mx.example.org"), .address(other), .address(client))
    try expect(lookUp(client), .verified, "mx.example.org", "mx.example.org")
    #expect(dns.takeAsked() == [.ptr(client), .a("mx.example.org")])
  }

  @Test func anIPv6ClientIsConfirmedByItsOwnFamily() throws {
    let address = try #require(IPAddress("2001:db8::1"))
    know(address, "six.example.org")
    try expect(lookUp(address), .verified, "six.example.org", "six.example.org")
    #expect(dns.takeAsked() == [.ptr(address), .aaaa("six.example.org")])
  }

  @Test func aNameOfOtherAddressesIsForged() throws {
    dns.script(.ptr(client), .pointer("bank.example"))
    dns.script(.a("bank.example"), .address(other))
    try expect(lookUp(client), .forged, "unknown", "bank.example")
  }

  @Test func failuresAreKeptApart() throws {
    try expect(lookUp(other), .notFound, "unknown", "unknown")
    dns.script(.ptr(client), .temporary("timeout"))
    try expect(lookUp(client), .temporaryFailure, "unknown", "unknown")
    let third = IPAddress(v4: 0xc000_0203)
    dns.script(.ptr(third), .pointer("mx.example.org"))
    try expect(lookUp(third), .notFound, "unknown", "mx.example.org")
    let fourth = IPAddress(v4: 0xc000_0204)
    dns.script(.ptr(fourth), .pointer("slow.example.org"))
    dns.script(.a("slow.example.org"), .temporary("timeout"))
    try expect(lookUp(fourth), .temporaryFailure, "unknown", "slow.example.org")
  }

  @Test(arguments: ["", "192.0.2.1", "10", "a b", "a\r\nX: y", "a..b", ".a", "a.", "ü", "(a)", String(repeating: "a", count: 64)])
  func whatIsNoHostNameDoesNotGetOut(name: String) throws {
    dns.script(.ptr(client), .pointer(name))
    dns.script(.a(name), .address(client))
    try expect(lookUp(client), .notFound, "unknown", "unknown")
  }

  @Test func oddButLegalNamesDo() throws {
    for (index, name) in ["a", "1.2.3.4.dyn", "_x.example", "A-B.Example", String(repeating: "a", count: 63)].enumerated() {
      let address = IPAddress(v4: 0x0a00_0000 + UInt32(index))
      know(address, name)
      try expect(lookUp(address), .verified, name, name)
    }
  }

  @Test(arguments: [
    (PeerNames.lifetime, "known"), (PeerNames.lifetimeOfFailures, "absent"), (PeerNames.lifetimeOfTemporaryFailures, "failing"),
  ])
  func aNameIsRememberedForItsTime(lifetime: Duration, kind: String) throws {
    if kind == "known" { know(client, "mx.example.org") }
    if kind == "failing" { dns.script(.ptr(client), .temporary("timeout")) }
    let first = try lookUp(client)
    _ = dns.takeAsked()
    loop.advance(by: lifetime - .nanoseconds(1))
    #expect(try lookUp(client) == first)
    #expect(dns.takeAsked().isEmpty)
    loop.advance(by: .nanoseconds(1))
    #expect(try lookUp(client) == first)
    #expect(dns.takeAsked().first == .ptr(client))
  }

  @Test func clientsOfOneAddressShareALookUp() throws {
    dns.script(.ptr(client), .pointer("mx.example.org"), after: .seconds(5))
    dns.script(.a("mx.example.org"), .address(client))
    for _ in 0..<3 { begin(client) }
    begin(other)
    #expect(answers.withLock { $0.map(\.status) } == [.notFound])
    #expect(dns.takeAsked() == [.ptr(client), .ptr(other)])
    loop.advance(by: .seconds(5))
    #expect(answers.withLock { $0.dropFirst().map(\.name) } == ["mx.example.org", "mx.example.org", "mx.example.org"])
    #expect(dns.takeAsked() == [.a("mx.example.org")])
    #expect(loop.liveTasks == 0)
  }

  @Test func theTableIsBounded() throws {
    let third = IPAddress(v4: 0xc000_0203)
    for address in [client, other, client, third] { _ = try lookUp(address) }
    _ = dns.takeAsked()
    _ = try lookUp(client)
    #expect(dns.takeAsked().isEmpty)
    _ = try lookUp(other)
    #expect(dns.takeAsked() == [.ptr(other)])
  }
}
