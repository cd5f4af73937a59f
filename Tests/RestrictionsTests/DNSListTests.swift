// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Restrictions
import SMTP
import Testing

/// Lists in the DNS.
@Suite struct DNSListTests {
  private func listed(_ lists: String, _ answers: [String: String]) -> Court {
    Court([.client: lists]).with { court in
      for (list, address) in answers { court.script(.a("7.2.0.192.\(list)"), Court.address(address)) }
    }
  }

  @Test func clients() {
    let court = listed("reject_rbl_client bl.test", ["bl.test": "127.0.0.2"])
    #expect(court.reply() == "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.test")
    let reasoned = court.with { $0.script(.txt("7.2.0.192.bl.test"), .text(Array("see\thttps://bl.test/".utf8))) }
    #expect(reasoned.reply() == "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.test; see https://bl.test/")
    #expect(court.client("192.0.2.8").reply() == "")
    #expect(court.with { $0.lists[.client] = "reject_rbl bl.test" }.reply() != "")
  }

  @Test(arguments: [("127.0.0.2", true), ("127.0.0.[2..4]", true), ("127.0.0.[1;2]", true), ("127.0.0.3", false), ("127.[0..1].0.[3..9]", false)])
  func filters(filter: String, matches: Bool) {
    #expect(listed("reject_rbl_client bl.test=\(filter)", ["bl.test": "127.0.0.2"]).reply().isEmpty != matches)
  }

  @Test(arguments: ["127.0.0", "127.0.0.256", "127.0.0.[2..1]", "127.0.0.[]", "127.0.0.[a]", "a", ""])
  func badFilters(filter: String) { #expect(AddressFilter(filter) == nil) }

  @Test func listsOfV6Clients() {
    let name = "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test"
    let court = Court([.client: "reject_rbl_client bl.test"]).client("2001:db8::7").with { $0.script(.a(name), Court.address("127.0.0.2")) }
    #expect(court.reply().contains("[2001:db8::7]"))
  }

  @Test func weights() {
    let lists = "reject_rbl_client { a.test*2, b.test, w.test*-2, threshold=3 }"
    #expect(listed(lists, ["a.test": "127.0.0.2"]).reply() == "")
    #expect(listed(lists, ["a.test": "127.0.0.2", "b.test": "127.0.0.2"]).reply().hasSuffix("blocked using a.test"))
    #expect(listed(lists, ["a.test": "127.0.0.2", "b.test": "127.0.0.2", "w.test": "127.0.0.2"]).reply() == "")
  }

  @Test func listsThatDoNotAnswerRefuseNobody() {
    let court = Court([.client: "reject_rbl_client bl.test"]).with { $0.fail(.a("7.2.0.192.bl.test")) }
    #expect(court.reply() == "")
    #expect(court.notes() == ["warning: 7.2.0.192.bl.test: RBL lookup error"])
  }

  @Test func domains() {
    var court = Court([.sender: "reject_rhsbl_sender rhs.test"]).sender("a@bad.test")
    court.script(.a("bad.test.rhs.test"), Court.address("127.0.0.2"))
    #expect(court.reply() == "554 5.7.1 Service unavailable; Sender address [a@bad.test] blocked using rhs.test")
    #expect(court.sender("a@good.test").reply() == "")
    #expect(court.sender("a@[192.0.2.1]").decide().asked.isEmpty)
    #expect(court.sender("").decide().asked.isEmpty)
    for (point, word) in [(RestrictionPoint.helo, "helo"), (.client, "client"), (.client, "reverse_client")] {
      var other = Court([point: "reject_rhsbl_\(word) rhs.test"]).helo("bad.test").client("192.0.2.7", "bad.test")
      other.script(.a("bad.test.rhs.test"), Court.address("127.0.0.2"))
      #expect(other.reply().contains("[bad.test] blocked using rhs.test"))
    }
    var recipient = Court([.relay: "reject_rhsbl_recipient rhs.test"]).recipient("a@bad.test")
    recipient.script(.a("bad.test.rhs.test"), Court.address("127.0.0.2"))
    #expect(recipient.reply().hasPrefix("554 5.7.1 Service unavailable; Recipient address [a@bad.test]"))
  }

  @Test func numbersAreNotAsked() { #expect(Court([.helo: "reject_rhsbl_helo rhs.test"]).helo("192.0.2.7").decide().asked.isEmpty) }

  @Test func welcomeLists() {
    let court = Court([.recipient: "permit_dnswl_client wl.test, reject"]).with { $0.script(.a("7.2.0.192.wl.test"), Court.address("127.0.0.1")) }
    #expect(court.reply() == "")
    #expect(court.client("192.0.2.8").reply() != "")
    #expect(court.recipient("x@elsewhere.test").reply() != "", "a welcome is no right to relay")
    let unsure = court.client("192.0.2.8").with { $0.fail(.a("8.2.0.192.wl.test")) }
    #expect(unsure.reply() == "450 4.7.1 <192.0.2.8>: Client host rejected: Service unavailable")
    var named = Court([.recipient: "permit_rhswl_client wl.test, reject"])
    named.script(.a("client.example.net.wl.test"), Court.address("127.0.0.1"))
    #expect(named.reply() == "")
  }

  @Test func templates() {
    var court = listed("reject_rbl_client bl.test", ["bl.test": "127.0.0.2"])
    court.settings.defaultRBLReply = "$rbl_code 5.7.8 $client_name $(helo_name) ${sender_domain} ${rbl_reason?why}${rbl_reason:no reason} $rbl_class"
    #expect(court.reply() == "554 5.7.8 client.example.net client.example.net example.net no reason Client host")
    court.settings.defaultRBLReply = "nonsense"
    #expect(court.reply() == "451 4.3.5 Server configuration error")
    court.settings.defaultRBLReply = "$rbl_code"
    #expect(court.reply() == "554 5.7.1 Service unavailable")
  }
}
