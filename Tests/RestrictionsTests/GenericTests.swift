// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP
import Testing

/// Restrictions that are about no particular part of a session, and how lists are worked through.
@Suite struct GenericTests {
  @Test(arguments: [
    ("permit", ""),
    ("reject", "554 5.7.1 <user@example.test>: Recipient address rejected: Access denied"),
    ("defer", "450 4.3.2 <user@example.test>: Recipient address rejected: Try again later"),
    ("permit, reject", ""),
    ("defer_if_permit", "450 4.7.0 <user@example.test>: Recipient address rejected: defer_if_permit requested"),
    ("defer_if_permit, permit", "450 4.7.0 <user@example.test>: Recipient address rejected: defer_if_permit requested"),
    ("defer_if_permit, reject", "554 5.7.1 <user@example.test>: Recipient address rejected: Access denied"),
    ("defer_if_reject", ""),
    ("defer_if_reject, reject", "450 4.7.0 <user@example.test>: Recipient address rejected: defer_if_reject requested"),
    ("defer_if_reject, defer", "450 4.3.2 <user@example.test>: Recipient address rejected: Try again later"),
    ("defer_if_reject, defer_if_permit, reject", "450 4.7.0 <user@example.test>: Recipient address rejected: defer_if_permit requested"),
    ("warn_if_reject reject, permit", ""),
    ("warn_if_reject defer_if_permit", ""),
    ("warn_if_reject permit_mynetworks, reject", "554 5.7.1 <user@example.test>: Recipient address rejected: Access denied"),
    ("permit_sasl_authenticated, reject", "554 5.7.1 <user@example.test>: Recipient address rejected: Access denied"),
    ("reject_plaintext_session", "450 4.7.1 Session encryption is required"),
    ("sleep 1, reject", "554 5.7.1 <user@example.test>: Recipient address rejected: Access denied"),
  ])
  func list(list: String, reply: String) { #expect(Court([.recipient: list]).reply() == reply) }

  @Test func eachListNamesWhatItIsAbout() {
    let delayed: [(RestrictionPoint, String)] = [
      (.client, "<client.example.net[192.0.2.7]>: Client host"), (.helo, "<client.example.net>: Helo command"),
      (.sender, "<sender@example.net>: Sender address"), (.relay, "<user@example.test>: Recipient address"),
    ]
    for (point, text) in delayed { #expect(Court([point: "reject"]).reply() == "554 5.7.1 \(text) rejected: Access denied") }
    #expect(Court([.data: "reject"]).reply(.data) == "554 5.7.1 <DATA>: Data command rejected: Access denied")
    #expect(Court([.endOfData: "reject"]).reply(.endOfData) == "554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied")
    let etrn = Court([.etrn: "reject"]).with { $0.facts.etrnDomain = "example.org" }
    #expect(etrn.reply(.etrn) == "554 5.7.1 <example.org>: Etrn command rejected: Access denied")
  }

  @Test func aListThatPermitsEndsItselfOnly() {
    #expect(Court([.client: "permit", .recipient: "reject"]).reply() != "")
    #expect(Court([.relay: "permit", .recipient: "reject"]).reply() != "")
  }

  @Test func aDoubtOfTheClientCountsAtTheRecipient() {
    let court = Court([.client: "defer_if_permit", .recipient: "permit"])
    #expect(court.reply() == "450 4.7.0 <client.example.net[192.0.2.7]>: Client host rejected: defer_if_permit requested")
  }

  @Test func withoutDelayADoubtIsRemembered() {
    var court = Court([.client: "defer_if_permit"])
    court.settings.delayReject = false
    let memory = court.decide(.connect).judgement.memory
    let atHelo = court.decide(.hello, memory).judgement
    #expect(atHelo.verdict.refusal == nil)
    let atMail = court.decide(.mail, atHelo.memory).judgement
    #expect(court.decide(.recipient, atMail.memory).judgement.verdict.refusal?.code == 450)
  }

  @Test func withoutDelayEachListHasItsMoment() {
    var court = Court([.client: "reject", .helo: "reject", .sender: "reject"])
    court.settings.delayReject = false
    #expect(court.reply(.connect).hasSuffix("Client host rejected: Access denied"))
    #expect(court.reply(.hello).hasSuffix("Helo command rejected: Access denied"))
    #expect(court.reply(.mail).hasSuffix("Sender address rejected: Access denied"))
    #expect(court.reply(.recipient) == "")
  }

  @Test func heloRestrictionsNeedAHelo() { #expect(Court([.helo: "reject"]).helo(nil).reply() == "") }

  /// RFC 5321 §4.5.1.
  @Test func barePostmasterIsAlwaysTaken() {
    #expect(Court([.client: "reject", .recipient: "reject"]).recipient("Postmaster").reply() == "")
    #expect(Court([.recipient: "reject"]).recipient("postmaster@example.test").reply() != "")
  }

  @Test func warningsAreWritten() {
    let court = Court([.recipient: "warn_if_reject reject_unauth_destination, permit"]).recipient("user@elsewhere.test")
    #expect(court.notes() == ["reject_warning: 554 5.7.1 <user@elsewhere.test>: Relay access denied"])
    #expect(court.reply() == "")
  }

  @Test func classesAreLists() {
    var court = Court([.recipient: "picky, permit"])
    court.classes = ["picky": "permit_mynetworks, reject", "unused": "permit"]
    #expect(court.reply() == "554 5.7.1 <user@example.test>: Recipient address rejected: Access denied")
    #expect(court.client("10.1.2.3").reply() == "")
    let warned = court.with { $0.lists = [.recipient: "warn_if_reject picky, permit"] }
    #expect(warned.reply() == "")
    #expect(warned.notes().count == 1)
  }

  @Test func classesThatNameEachOtherEnd() {
    var court = Court([.recipient: "a"])
    court.classes = ["a": "b", "b": "a"]
    #expect(court.reply() == "451 4.3.5 Server configuration error")
  }

  @Test func codesAreSettings() {
    var court = Court([.recipient: "reject"])
    court.settings.rejectCode = 553
    #expect(court.reply().hasPrefix("553 5.7.1"))
    court.settings.rejectCode = 450
    #expect(court.reply().hasPrefix("450 4.7.1"))
    court.settings.rejectCode = 554
    court.settings.softBounce = true
    #expect(court.reply().hasPrefix("454 4.7.1"))
    #expect(Court([.recipient: "defer"]).with { $0.settings.deferCode = 421 }.reply().hasPrefix("421 4.3.2"))
  }

  @Test func sleepIsAQuestion() {
    #expect(Court([.recipient: "sleep 2, sleep 2"]).decide().asked == [.pause(seconds: 2, number: 1), .pause(seconds: 2, number: 2)])
  }

  @Test func pipelining() {
    let court = Court([.data: "reject_unauth_pipelining"])
    #expect(court.reply(.data) == "")
    let hasty = court.with { $0.facts.hasImproperPipelining = true }
    #expect(hasty.reply(.data) == "503 5.5.0 <DATA>: Data command rejected: Improper use of SMTP command pipelining")
  }

  @Test func multiRecipientBounce() {
    let court = Court([.data: "reject_multi_recipient_bounce"]).sender("").with { $0.facts.recipientCount = 2 }
    #expect(court.reply(.data) == "550 5.5.3 <DATA>: Data command rejected: Multi-recipient bounce")
    #expect(court.with { $0.facts.recipientCount = 1 }.reply(.data) == "")
    #expect(court.sender("a@b.test").reply(.data) == "")
  }

  @Test func plaintext() {
    let court = Court([.recipient: "reject_plaintext_session"])
    #expect(court.with { $0.facts.tls = TLSFacts(version: "TLSv1.3", cipher: "x", bits: 256) }.reply() == "")
  }

  @Test func trustedCertificates() {
    let court = Court([.recipient: "permit_tls_all_clientcerts, reject"])
    var trusted = TLSFacts.ClientCertificate()
    trusted.isTrusted = true
    #expect(court.with { $0.facts.tls = TLSFacts(version: "TLSv1.3", cipher: "x", bits: 256, certificate: trusted) }.reply() == "")
    #expect(court.with { $0.facts.tls = TLSFacts(version: "TLSv1.3", cipher: "x", bits: 256) }.reply() != "")
  }

  @Test func nothingIsAskedWithoutNeed() {
    let court = Court([
      .client: "permit_mynetworks, check_client_access inline:{ bad.test=REJECT }", .helo: "reject_invalid_helo_hostname",
      .sender: "reject_non_fqdn_sender, reject_rbl_client zen.test", .recipient: "reject_unauth_destination",
    ])
    #expect(court.with { $0.lists[.sender] = "reject_non_fqdn_sender" }.decide().asked.isEmpty)
    #expect(court.decide().asked.count == 1)
  }
}

@Suite struct RestrictionPointTests {
  @Test func pointsAreInOrder() {
    #expect(RestrictionPoint.allCases.map(\.index) == Array(0..<RestrictionPoint.allCases.count))
  }
}
