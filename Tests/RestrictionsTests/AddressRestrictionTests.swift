// SPDX-License-Identifier: Apache-2.0
import Bytes
import Names
import Restrictions
import SMTP
import Testing

/// Restrictions on the envelope's addresses, and on relaying.
@Suite struct AddressRestrictionTests {
  @Test(arguments: [("a@b.test", true), ("a@localhost", false), ("a", false), ("a@[192.0.2.1]", true), ("", true), ("a@b..test", false)])
  func nonFQDN(address: String, isFull: Bool) {
    #expect(Court([.sender: "reject_non_fqdn_sender"]).sender(address).reply().isEmpty == isFull)
    guard !address.isEmpty else { return }
    #expect(Court([.relay: "reject_non_fqdn_recipient"]).recipient(address).reply().isEmpty == isFull)
  }

  @Test func nonFQDNReplies() {
    #expect(Court([.sender: "reject_non_fqdn_sender"]).sender("a").reply() == "504 5.5.2 <a>: Sender address rejected: need fully-qualified address")
    let court = Court([.relay: "reject_non_fqdn_recipient"]).recipient("a@b")
    #expect(court.reply() == "504 5.5.2 <a@b>: Recipient address rejected: need fully-qualified address")
  }

  @Test func unknownDomains() {
    var court = Court([.sender: "reject_unknown_sender_domain"]).sender("a@b.test")
    #expect(court.reply() == "450 4.1.8 <a@b.test>: Sender address rejected: Domain not found")
    court.script(.mx("b.test"), .exchanger(preference: 10, host: "mx.b.test"))
    #expect(court.reply() == "")
    court.names[.mx("b.test")] = .success([.exchanger(preference: 0, host: "")])
    #expect(court.reply() == "550 5.7.27 <a@b.test>: Sender address rejected: Domain b.test does not accept mail (nullMX)")
    #expect(court.sender("a@example.test").decide().asked.isEmpty, "our own domains are known")
    #expect(court.sender("").reply() == "")
    #expect(court.sender("a@[192.0.2.1]").reply() == "")
  }

  @Test func unknownRecipientDomains() {
    var court = Court([.relay: "reject_unknown_recipient_domain"]).recipient("a@b.test")
    #expect(court.reply() == "450 4.1.2 <a@b.test>: Recipient address rejected: Domain not found")
    court.script(.mx("b.test"), .exchanger(preference: 0, host: "."))
    #expect(court.reply() == "556 5.1.10 <a@b.test>: Recipient address rejected: Domain b.test does not accept mail (nullMX)")
    court.settings.unknownAddressRejectCode = 550
    #expect(court.recipient("a@c.test").reply().hasPrefix("550 5.1.2"))
  }

  @Test func domainsWithoutAnswer() {
    let court = Court([.sender: "reject_unknown_sender_domain"]).sender("a@b.test").with { $0.fail(.mx("b.test")) }
    #expect(court.reply() == "450 4.1.8 <a@b.test>: Sender address rejected: Domain not found")
    #expect(court.with { $0.lists[.recipient] = "reject" }.reply().hasPrefix("554"), "what refuses for good comes first")
    let hasty = court.with {
      $0.settings.unknownAddressTempfailAction = .defer
      $0.lists[.recipient] = "reject"
    }
    #expect(hasty.reply().hasPrefix("450 4.1.8"))
    #expect(court.with { $0.lists[.sender] = "warn_if_reject reject_unknown_sender_domain" }.reply() == "")
  }

  @Test func unlisted() {
    let court = Court([.recipient: "reject_unlisted_recipient"]).with { $0.unlisted = ["user@example.test", "x@virtual.test"] }
    #expect(court.reply() == "550 5.1.1 <user@example.test>: Recipient address rejected: User unknown in local recipient table")
    #expect(court.recipient("x@virtual.test").reply().hasSuffix("User unknown in virtual mailbox table"))
    #expect(court.recipient("y@virtual.test").reply() == "")
    #expect(court.recipient("tempfail@example.test").reply() == "451 4.3.0 <tempfail@example.test>: Temporary lookup failure")
    #expect(court.recipient("y@virtual.test").decide().judgement.verdict.hasCheckedRecipient)
    #expect(court.with { $0.settings.showUserUnknownTableName = false }.reply().hasSuffix("User unknown"))
  }

  @Test func unlistedSenders() {
    var court = Court([.sender: "permit"]).sender("x@virtual.test").with { $0.unlisted = ["x@virtual.test"] }
    #expect(court.reply() == "")
    court.settings.rejectUnlistedSender = true
    #expect(court.reply() == "550 5.1.0 <x@virtual.test>: Sender address rejected: User unknown in virtual mailbox table")
    #expect(court.sender("x@elsewhere.test").reply() == "")
    #expect(Court([.sender: "reject_unlisted_sender"]).sender("x@virtual.test").with { $0.unlisted = ["x@virtual.test"] }.reply() != "")
  }

  // MARK: Relaying

  @Test(arguments: [
    ("user@example.test", true), ("x@virtual.test", true), ("x@relay.test", true), ("x@sub.relay.test", true), ("x@elsewhere.test", false),
    ("x%elsewhere.test@example.test", false), ("x%elsewhere.test@relay.test", false), ("x", true),
  ])
  func authDestinations(address: String, isOurs: Bool) {
    #expect(Court([.relay: "permit_auth_destination, reject"]).recipient(address).reply().isEmpty == isOurs)
    #expect(Court([.relay: "reject_unauth_destination"]).recipient(address).reply().isEmpty == isOurs)
    #expect(Court([.relay: "defer_unauth_destination"]).recipient(address).reply().isEmpty == isOurs)
  }

  @Test func relayReplies() {
    #expect(Court([.relay: "reject_unauth_destination"]).recipient("a@b.test").reply() == "554 5.7.1 <a@b.test>: Relay access denied")
    #expect(Court([.relay: "defer_unauth_destination"]).recipient("a@b.test").reply() == "454 4.7.1 <a@b.test>: Relay access denied")
  }

  @Test func withoutARecipientThereIsNothingToRelay() {
    #expect(Court([.data: "reject_unauth_destination"]).with { $0.facts.recipient = nil }.reply(.data) == "")
  }

  private func backup(_ hosts: String...) -> Court {
    Court([.relay: "permit_mx_backup, reject"]).recipient("a@b.test").with { court in
      court.names[.mx("b.test")] = .success(hosts.enumerated().map { .exchanger(preference: UInt16($0.offset), host: $0.element) })
      court.script(.a("mx.example.test"), Court.address("192.0.2.1"))
      court.script(.a("mx.b.test"), Court.address("198.51.100.1"))
    }
  }

  @Test func mxBackup() {
    #expect(backup("mx.b.test", "mx.example.test").reply() == "")
    #expect(backup("mx.b.test").reply() != "")
    #expect(backup("mx.b.test", "mx.example.test").recipient("x%y@b.test").reply() != "")
    let limited = backup("mx.b.test", "mx.example.test").with { $0.settings.permitMXBackupNetworks = NetworkList(words: ["198.51.100.0/24"]) }
    #expect(limited.reply() == "")
    #expect(limited.with { $0.settings.permitMXBackupNetworks = NetworkList(words: ["203.0.113.0/24"]) }.reply() != "")
  }

  @Test func mxBackupWithoutAnswerDefers() {
    let court = backup("mx.b.test", "mx.example.test").with { $0.fail(.mx("b.test")) }
    #expect(court.reply().hasPrefix("450 4.4.4 <a@b.test>: Recipient address rejected: Unable to look up mail exchanger information"))
  }
}
