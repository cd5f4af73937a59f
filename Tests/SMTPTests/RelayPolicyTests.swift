// SPDX-License-Identifier: Apache-2.0
import Bytes
import SMTP
import Testing

/// Never an open relay: for a stranger, every permitted address ends in a domain of ours.
@Suite struct RelayPolicyTests {
  private static let stranger = IPAddress("203.0.113.1")
  private static let friend = IPAddress("192.0.2.77")

  private static let policy: RelayPolicy = {
    var policy = RelayPolicy(
      mynetworks: NetworkList(words: ["192.0.2.0/24"]) ?? NetworkList(), mydestination: ["Mine.example.", "localhost"],
      virtualMailboxDomains: ["virtual.example"], myorigin: "mine.example", mydomain: "example")
    policy.ownAddresses = [IPAddress("198.51.100.5"), IPAddress("2001:db8::5")].compactMap(\.self).reduce(into: []) { $0.insert($1) }
    return policy
  }()

  private func decide(_ local: String, _ domain: String?, _ client: IPAddress? = stranger) -> RelayPolicy.Decision {
    RelayPolicyTests.policy.decide(Mailbox(localPart: local, domain: domain), client: client)
  }

  private func permitted(_ destination: Destination, _ local: String, _ domain: String) -> RelayPolicy.Decision {
    .permitted(destination, Mailbox(localPart: local, domain: domain))
  }

  @Test(
    arguments: [
      ("u", "mine.example"), ("u", "MINE.EXAMPLE"), ("u", "mine.example."), ("u", nil), ("u%mine.example", "mine.example"), ("mine.example!u", nil),
      ("u@mine.example", "mine.example"), ("mine.example!u", "localhost.mine.example"),
    ] as [(String, String?)])
  func localForStrangers(local: String, domain: String?) {
    if domain == "localhost.mine.example" {
      #expect(decide(local, domain) == .denied)
    } else {
      #expect(decide(local, domain) == permitted(.local, "u", domain == "MINE.EXAMPLE" ? "MINE.EXAMPLE" : "mine.example"))
    }
  }

  @Test func domainsStayAsTheyWereWritten() {
    var policy = RelayPolicyTests.policy
    policy.myorigin = "Mine.Example"
    policy.relayDomains = DomainList(["Relay.example"])
    #expect(policy.resolve(Mailbox(localPart: "u", domain: nil)).address.domain == "Mine.Example")
    #expect(policy.isOwnDomain("mine.example"))
    #expect(policy.resolve(Mailbox(localPart: "u", domain: "SUB.Example..")).address.domain == "SUB.Example")
    #expect(policy.decide(Mailbox(localPart: "u", domain: "RELAY.example"), client: nil) == permitted(.remote, "u", "RELAY.example"))
  }

  @Test(arguments: ["bücher.example", "BÜCHER.example.", "xn--bcher-kva.example", "XN--BCHER-KVA.example"])
  func domainsInAnyScriptAreOne(domain: String) {
    for listed in ["bücher.example", "Xn--bcher-kva.example"] {
      let policy = RelayPolicy(
        mynetworks: NetworkList(), mydestination: [], virtualMailboxDomains: [listed], myorigin: "mine.example", mydomain: "example")
      let expected = Mailbox(localPart: "Jörg", domain: domain.hasPrefix("XN") ? domain : "xn--bcher-kva.example")
      #expect(policy.decide(Mailbox(localPart: "Jörg", domain: domain), client: nil) == .permitted(.virtual, expected))
    }
  }

  @Test(arguments: [("relay.example", true, true), ("relay.example", false, false), ("other.example", true, false), ("mine.example", false, true)])
  func whichRecipientsAreLookedUp(domain: String, hasTable: Bool, isAsked: Bool) {
    var policy = RelayPolicyTests.policy
    policy.relayDomains = DomainList(["relay.example"])
    policy.hasRelayRecipients = hasTable
    #expect(policy.isListed(policy.resolve(Mailbox(localPart: "u", domain: domain))) == isAsked)
  }

  @Test func virtualForStrangers() {
    #expect(decide("u", "Virtual.example") == permitted(.virtual, "u", "Virtual.example"))
    #expect(decide("u%virtual.example", "mine.example") == permitted(.virtual, "u", "virtual.example"))
  }

  @Test func ownAddressLiterals() {
    #expect(decide("u", "[198.51.100.5]") == permitted(.local, "u", "[198.51.100.5]"))
    #expect(decide("u", "[IPv6:2001:DB8:0::5]") == permitted(.local, "u", "[IPv6:2001:DB8:0::5]"))
    #expect(decide("u", "[198.51.100.6]") == .denied)
    #expect(decide("u%evil.example", "[198.51.100.5]") == .denied)
  }

  /// What cannot be a domain leads nowhere: the name stays ours, and unknown.
  @Test(arguments: ["u%b|c", "b c!u", "u@b..c", "u%[300.1.1.1]", "u%-x.example"])
  func aRouteToNoDomainIsAnOddName(local: String) {
    #expect(decide(local, "mine.example") == permitted(.local, local, "mine.example"))
    #expect(decide(local, "virtual.example") == .denied)
    #expect(decide(local, "evil.example") == .denied)
  }

  @Test(
    arguments: [
      ("u", "evil.example"), ("u", "sub.mine.example"), ("u", "example"), ("u%evil.example", "mine.example"), ("u%evil.example", nil),
      ("evil.example!u", "mine.example"), ("evil.example!u", nil), ("u@evil.example", "mine.example"), ("u@evil.example", nil),
      ("u%mine.example", "evil.example"), ("u%evil.example", "virtual.example"), ("evil.example!u", "virtual.example"),
      ("u@evil.example", "virtual.example"),
      ("u%evil.example%mine.example", "mine.example"), ("mine.example!evil.example!u", "mine.example"),
      ("u@evil.example@mine.example", "mine.example"),
      ("u%evil.example@mine.example", "mine.example"), ("u", "mine.example.evil.example"), ("u", "xmine.example"),
    ] as [(String, String?)])
  func deniedToStrangersAllowedToFriends(local: String, domain: String?) {
    #expect(decide(local, domain) == .denied)
    #expect(decide(local, domain, nil) == .denied)
    #expect(decide(local, domain, RelayPolicyTests.friend) != .denied)
  }

  @Test func friendsGetTheResolvedAddress() {
    #expect(decide("u%Other.example", "mine.example", RelayPolicyTests.friend) == permitted(.remote, "u", "Other.example"))
    #expect(decide("a!b", nil, RelayPolicyTests.friend) == permitted(.remote, "b", "a"))
  }

  @Test func theEdgesOfMynetworks() {
    for (address, isFriend) in [("192.0.2.0", true), ("192.0.2.255", true), ("192.0.1.255", false), ("192.0.3.0", false), ("::ffff:192.0.2.1", true)]
    {
      #expect((decide("u", "evil.example", IPAddress(address)) != .denied) == isFriend, "\(address)")
    }
  }

  @Test func switchesMakeLettersOfOperators() {
    var policy = RelayPolicyTests.policy
    policy.allowPercentHack = false
    policy.swapBangpath = false
    for local in ["u%evil.example", "evil.example!u"] {
      let decision = policy.decide(Mailbox(localPart: local, domain: "mine.example"), client: RelayPolicyTests.stranger)
      #expect(decision == permitted(.local, local, "mine.example"))
    }
  }

  @Test func shortDomainsMayGetMydomain() {
    var policy = RelayPolicyTests.policy
    #expect(policy.resolve(Mailbox(localPart: "u", domain: "mine")).destination == .remote)
    policy.appendDotMydomain = true
    #expect(policy.resolve(Mailbox(localPart: "u", domain: "mine")).address == Mailbox(localPart: "u", domain: "mine.example"))
  }

  @Test func longRoutesEnd() {
    let local = String(repeating: "%mine.example", count: 500)
    #expect(decide("u" + local, "mine.example") == permitted(.local, "u", "mine.example"))
    #expect(decide(String(repeating: "mine.example!", count: 500) + "u", nil) == permitted(.local, "u", "mine.example"))
  }

  @Test func listsOfNetworks() throws {
    let list = try #require(NetworkList(words: ["!10.1.0.0/16", "10.0.0.0/8", "[2001:db8::]/32", "192.0.2.1"]))
    for (address, isMember) in [
      ("10.2.0.1", true), ("10.1.0.1", false), ("2001:db8::9", true), ("2001:db9::9", false), ("192.0.2.1", true), ("192.0.2.2", false),
    ] {
      #expect(IPAddress(address).map(list.contains) == isMember, "\(address)")
    }
    #expect(NetworkList(words: ["10.0.0.1/8"]) == nil)
    #expect(NetworkList(words: ["x"]) == nil)
  }
}
