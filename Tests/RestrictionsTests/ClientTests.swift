// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP
import Testing

/// Restrictions on the client and on the name that it gives.
@Suite struct ClientTests {
  @Test func mynetworks() {
    let court = Court([.recipient: "permit_mynetworks, reject"])
    #expect(court.client("10.255.0.1").reply() == "")
    #expect(court.client("::ffff:10.255.0.1").reply() == "")
    #expect(court.client("11.0.0.0").reply() != "")
  }

  @Test func ownInterfaces() {
    let court = Court([.recipient: "permit_inet_interfaces, reject"])
    #expect(court.client("192.0.2.1").reply() == "")
    #expect(court.client("192.0.2.2").reply() != "")
  }

  private func named(_ status: Client.NameStatus, reverse: Client.NameStatus, _ list: String) -> Court {
    Court([.client: list]).with { court in
      let names = Client.Names(
        name: status == .known ? "a.test" : "unknown", status: status, reverseName: reverse == .known ? "a.test" : "unknown", reverseStatus: reverse)
      court.facts.client = Client(address: IPAddress("192.0.2.7"), names: names)
    }
  }

  @Test func unknownClients() {
    let text = "4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]"
    #expect(named(.known, reverse: .known, "reject_unknown_client_hostname").reply() == "")
    #expect(named(.notFound, reverse: .known, "reject_unknown_client_hostname").reply() == "450 \(text)")
    #expect(named(.forged, reverse: .known, "reject_unknown_client").reply() == "450 \(text)")
    let strict = named(.forged, reverse: .known, "reject_unknown_client_hostname").with { $0.settings.unknownClientRejectCode = 550 }
    #expect(strict.reply() == "550 5.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]")
    let unsure = named(.temporaryFailure, reverse: .known, "reject_unknown_client_hostname").with { $0.settings.unknownClientRejectCode = 550 }
    #expect(unsure.reply() == "450 \(text)")
  }

  @Test func unknownReverseNames() {
    #expect(named(.forged, reverse: .known, "reject_unknown_reverse_client_hostname").reply() == "")
    let none = named(.notFound, reverse: .notFound, "reject_unknown_reverse_client_hostname")
    #expect(none.reply() == "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.7]")
  }

  @Test(arguments: [
    ("mail.example.net", true), ("mail", true), ("mail.example.net.", true), ("a_b.test", true), ("[192.0.2.7]", true), ("[IPv6:2001:db8::1]", true),
    ("-a.test", false), ("a-.test", false), ("a..test", false), (".test", false), ("192.0.2.7", true), ("a b", false), ("[192.0.2]", false),
    ("[2001:db8::1]", false), ("[]", false), (String(repeating: "a", count: 63), true), (String(repeating: "a", count: 64), false),
  ])
  func invalidHelo(name: String, isValid: Bool) {
    for word in ["reject_invalid_helo_hostname", "reject_invalid_hostname"] {
      #expect(Court([.helo: word]).helo(name).reply().isEmpty == isValid)
    }
  }

  @Test func invalidHeloReplies() {
    let court = Court([.helo: "reject_invalid_helo_hostname"])
    #expect(court.helo("a..b").reply() == "501 5.5.2 <a..b>: Helo command rejected: Invalid name")
    #expect(court.helo("[a]").reply() == "501 5.5.2 <[a]>: Helo command rejected: invalid ip address")
  }

  @Test func nonFQDNHelo() {
    let court = Court([.helo: "reject_non_fqdn_helo_hostname"])
    #expect(court.helo("localhost").reply() == "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname")
    #expect(court.helo("localhost.").reply() != "")
    #expect(court.helo("a.test").reply() == "")
    #expect(court.helo("[192.0.2.7]").reply() == "")
  }

  @Test func unknownHelo() {
    var court = Court([.helo: "reject_unknown_helo_hostname"]).helo("a.test")
    #expect(court.reply() == "450 4.7.1 <a.test>: Helo command rejected: Host not found")
    court.script(.a("a.test"), Court.address("192.0.2.7"))
    #expect(court.reply() == "")
    let mailOnly = Court([.helo: "reject_unknown_hostname"]).helo("b.test").with {
      $0.script(.mx("b.test"), .exchanger(preference: 1, host: "a.test"))
    }
    #expect(mailOnly.reply() == "")
    #expect(court.helo("[192.0.2.7]").reply() == "")
  }

  @Test func unknownHeloWithoutAnswer() {
    let court = Court([.helo: "reject_unknown_helo_hostname"]).helo("a.test").with { $0.fail(.a("a.test")) }
    #expect(court.reply() == "450 4.7.1 <a.test>: Helo command rejected: Host not found")
    #expect(court.with { $0.lists[.helo] = "reject_unknown_helo_hostname, reject" }.reply().hasPrefix("554"))
    let hasty = court.with {
      $0.settings.unknownHeloHostnameTempfailAction = .defer
      $0.lists[.helo] = "reject_unknown_helo_hostname, reject"
    }
    #expect(hasty.reply().hasPrefix("450 4.7.1 <a.test>"))
  }
}
