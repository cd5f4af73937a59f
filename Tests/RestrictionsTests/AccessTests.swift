// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP
import Testing

/// Tables of access(5): their keys and their actions.
@Suite struct AccessTests {
  private func sender(_ table: String, _ address: String) -> Court { Court([.sender: "check_sender_access inline:{ \(table) }"]).sender(address) }
  private func client(_ table: String, _ address: String, _ name: String = "unknown") -> Court {
    Court([.client: "check_client_access inline:{ \(table) }"]).client(address, name)
  }

  @Test(arguments: [
    ("OK", ""), ("DUNNO", ""), ("relay", ""), ("12345", ""), ("554", ""),
    ("REJECT", "554 5.7.1 <a@b.test>: Sender address rejected: Access denied"),
    ("reject no", "554 5.7.1 <a@b.test>: Sender address rejected: no"),
    ("REJECT 5.1.8 no", "554 5.1.8 <a@b.test>: Sender address rejected: no"),
    ("REJECT 5.1.1 no", "554 5.1.7 <a@b.test>: Sender address rejected: no"),
    ("DEFER", "450 4.7.1 <a@b.test>: Sender address rejected: Access denied"),
    ("DEFER 4.3.9 x", "450 4.3.9 <a@b.test>: Sender address rejected: x"),
    ("421 bye", "421 4.7.1 <a@b.test>: Sender address rejected: bye"),
    ("551 5.7.9 text", "551 5.7.9 <a@b.test>: Sender address rejected: text"),
    ("450 5.7.9 text", "450 4.7.9 <a@b.test>: Sender address rejected: text"),
    ("DEFER_IF_PERMIT", "450 4.7.1 <a@b.test>: Sender address rejected: Service unavailable"),
    ("DEFER_IF_PERMIT x", "450 4.7.1 <a@b.test>: Sender address rejected: x"), ("DEFER_IF_REJECT", ""), ("WARN x", ""), ("INFO x", ""),
    ("HOLD", ""), ("reject_non_fqdn_sender, reject", "554 5.7.1 <a@b.test>: Sender address rejected: Access denied"),
    ("permit", ""), ("defer", "450 4.7.1 <a@b.test>: Sender address rejected: Access denied"),
  ])
  func action(action: String, reply: String) { #expect(sender("{b.test = \(action)}", "a@b.test").reply() == reply) }

  @Test func statusesFitWhatIsRefused() {
    let table = "inline:{ {x.test = REJECT 5.1.1 no} }"
    #expect(Court([.client: "check_client_access \(table)"]).client("192.0.2.1", "x.test").reply().hasPrefix("554 5.0.0"))
    #expect(
      Court([.recipient: "check_recipient_access \(table)"]).recipient("a@x.test").with { $0.lists[.relay] = "permit" }.reply().hasPrefix("554 5.1.1")
    )
    #expect(Court([.helo: "check_helo_access \(table)"]).helo("x.test").reply().hasPrefix("554 5.0.0"))
  }

  @Test(arguments: [
    ("user+x@sub.dom.test=REJECT", true), ("user@sub.dom.test=REJECT", true), ("sub.dom.test=REJECT", true), ("dom.test=REJECT", true),
    ("test=REJECT", true), (".dom.test=REJECT", false), ("user+x@=REJECT", true), ("user@=REJECT", true), ("other@=REJECT", false),
    ("user+x@sub.dom.test=OK, dom.test=REJECT", false), ("sub.dom.test=DUNNO, dom.test=REJECT", false), ("sub.dom.test=OK, user@=REJECT", false),
  ])
  func mailKeys(table: String, isRefused: Bool) {
    let court = sender(table, "User+x@Sub.Dom.test").with { $0.settings.recipientDelimiter = "+" }
    #expect(court.reply().isEmpty != isRefused)
  }

  @Test func parentsNeedADotWhereTheyDoNotMatch() {
    func court(_ table: String) -> Court { sender(table, "a@sub.dom.test").with { $0.settings.parentDomainMatchesSubdomains = false } }
    #expect(court("dom.test=REJECT").reply() == "")
    #expect(court(".dom.test=REJECT").reply() != "")
    #expect(court("sub.dom.test=REJECT").reply() != "")
  }

  @Test(arguments: [
    ("192.0.2.7=REJECT", true), ("192.0.2=REJECT", true), ("192.0=REJECT", true), ("192=REJECT", true), ("192.0.2.8=REJECT", false),
    ("192.0.2.7=OK, 192.0.2=REJECT", false), ("unknown=REJECT", true),
  ])
  func addressKeys(table: String, isRefused: Bool) { #expect(client(table, "192.0.2.7").reply().isEmpty != isRefused) }

  @Test(arguments: [
    ("2001:db8:1::7=REJECT", true), ("2001:db8:1:=REJECT", true), ("2001:db8:1=REJECT", true), ("2001:db8=REJECT", true), ("2001=REJECT", true),
    ("2001:db9=REJECT", false),
  ])
  func addressKeysV6(table: String, isRefused: Bool) {
    #expect(client("{\(table.replacing("=", with: " = "))}", "2001:db8:1::7").reply().isEmpty != isRefused)
  }

  @Test func namesComeBeforeAddresses() {
    #expect(client("good.test=OK, 192.0.2.7=REJECT", "192.0.2.7", "a.good.test").reply() == "")
    #expect(client("bad.test=REJECT, 192.0.2.7=OK", "192.0.2.7", "a.bad.test").reply() != "")
  }

  @Test func theNullSender() {
    #expect(sender("{<> = REJECT}", "").reply() == "554 5.7.1 <>: Sender address rejected: Access denied")
    #expect(sender("{null = REJECT}", "").with { $0.settings.nullAccessLookupKey = "null" }.reply() != "")
  }

  @Test func patternTablesSeeWholeKeys() {
    #expect(Court([.sender: "check_sender_access regexp:{ {/^dom\\.test$/ REJECT} }"]).sender("a@dom.test").reply() == "")
    #expect(Court([.sender: "check_sender_access regexp:{ {/@dom\\.test$/ REJECT} }"]).sender("a@dom.test").reply() != "")
    #expect(Court([.client: "check_client_access cidr:{ {192.0.2.0/24 REJECT} }"]).client("192.0.2.9").reply() != "")
  }

  @Test func reverseNamesMayNotPermit() {
    let court = Court([.client: "check_reverse_client_hostname_access inline:{ good.test=OK }"]).client("192.0.2.7", "good.test")
    #expect(court.reply() == "451 4.3.5 Server configuration error")
    #expect(court.with { $0.lists[.client] = "check_reverse_client_hostname_access inline:{ good.test=DUNNO }" }.reply() == "")
  }

  @Test func theShortForm() {
    #expect(Court([.client: "inline:{ 192.0.2=REJECT }"]).client("192.0.2.7").reply() != "")
    #expect(Court([.sender: "inline:{ bad.test=REJECT }"]).sender("a@bad.test").reply() != "")
    #expect(Court([.recipient: "inline:{ example.test=REJECT }"]).reply() != "")
  }

  @Test func classesAreActions() {
    var court = sender("b.test=strict", "a@b.test")
    court.classes = ["strict": "check_helo_access inline:{ client.example.net=REJECT }"]
    #expect(court.reply().hasPrefix("554 5.7.1 <client.example.net>: Helo command rejected"))
  }

  @Test func marks() {
    let verdict = sender("{b.test = HOLD}", "a@b.test").decide().judgement.verdict
    #expect(verdict.marks.isHeld && verdict.refusal == nil)
    #expect(sender("{b.test = HOLD wait}", "a@b.test").notes() == ["hold: <a@b.test>: Sender address wait"])
    let discarded = sender("{b.test = DISCARD}", "a@b.test").with { $0.lists[.recipient] = "reject" }
    #expect(discarded.decide().judgement.verdict.marks.isDiscarded && discarded.reply() == "")
    #expect(discarded.notes() == ["discard: <a@b.test>: Sender address triggers DISCARD action"])
    #expect(sender("{b.test = REDIRECT x@y.test}", "a@b.test").decide().judgement.verdict.marks.redirect == "x@y.test")
    #expect(sender("{b.test = BCC x@y.test}", "a@b.test").decide().judgement.verdict.marks.bcc == "x@y.test")
    #expect(sender("{b.test = FILTER smtp:x}", "a@b.test").decide().judgement.verdict.marks.filter == "smtp:x")
    #expect(sender("{b.test = PREPEND X-A: b}", "a@b.test").decide().judgement.verdict.marks.prepended == ["X-A: b"])
  }

  @Test func marksNeedAMessage() {
    var court = client("{192.0.2.7 = HOLD}", "192.0.2.7")
    court.settings.delayReject = false
    court.facts.sender = nil
    #expect(!court.decide(.connect).judgement.verdict.marks.isHeld)
    #expect(court.notes(.connect).count == 1)
  }

  // MARK: Servers

  @Test func mailExchangers() {
    var court = Court([.sender: "check_sender_mx_access inline:{ mx.bad.test=REJECT, 198.51.100=DEFER, own.test=REJECT }"])
    court.script(.mx("a.test"), .exchanger(preference: 1, host: "mx.bad.test"))
    court.script(.mx("b.test"), .exchanger(preference: 1, host: "mx.b.test"))
    court.script(.a("mx.b.test"), Court.address("198.51.100.3"))
    #expect(court.sender("x@a.test").reply() == "554 5.7.1 <x@a.test>: Sender address rejected: Access denied")
    #expect(court.sender("x@b.test").reply() == "450 4.7.1 <x@b.test>: Sender address rejected: Access denied")
    #expect(court.sender("x@own.test").reply() != "", "without MX records a domain is its own exchanger")
    #expect(court.sender("x@c.test").reply() == "")
    #expect(court.sender("x@[198.51.100.9]").reply() != "")
    #expect(court.sender("").reply() == "")
  }

  @Test func exchangersThatCannotBeFoundAreWarnedOf() {
    let court = Court([.sender: "check_sender_mx_access inline:{ a=REJECT }"]).sender("x@a.test").with { $0.fail(.mx("a.test")) }
    #expect(court.reply() == "")
    #expect(court.notes() == ["warning: Unable to look up MX host for a.test"])
  }

  @Test func nameServersOfTheZoneAbove() {
    var court = Court([.helo: "check_helo_ns_access inline:{ ns.bad.test=REJECT }"]).helo("deep.sub.a.test")
    court.script(.ns("a.test"), .server("ns.bad.test"))
    #expect(court.reply() == "554 5.7.1 <deep.sub.a.test>: Helo command rejected: Access denied")
  }

  @Test func addressesOfAName() {
    var court = Court([.recipient: "check_sender_a_access inline:{ a.test=REJECT, 198.51.100.3=DEFER }"]).sender("x@a.test")
    #expect(court.reply() == "", "only addresses are looked up")
    court.script(.a("a.test"), Court.address("198.51.100.3"))
    #expect(court.reply().hasPrefix("450"))
  }

  @Test func serversMayNotPermit() {
    let court = Court([.sender: "check_sender_mx_access inline:{ a.test=OK }"]).sender("x@a.test")
    #expect(court.reply() == "451 4.3.5 Server configuration error")
  }
}
