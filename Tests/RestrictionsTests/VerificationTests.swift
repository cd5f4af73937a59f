// SPDX-License-Identifier: Apache-2.0
import Restrictions
import SMTP
import Testing

/// `reject_unverified_sender` and `reject_unverified_recipient`.
@Suite struct VerificationTests {
  private var court: Court {
    Court([.sender: "reject_unverified_sender", .recipient: "reject_unverified_recipient"]).with {
      $0.verified = [
        "sender@example.net": Verification(.deliverable, "250 ok"), "user@example.test": Verification(.deliverable, "250 ok"),
        "bad@one.test": Verification(.undeliverable, "host h[192.0.2.1] said: 550 no"), "down@one.test": Verification(.deferred, "timed out"),
        "new@one.test": .pending,
      ]
    }
  }

  @Test func replies() {
    #expect(court.reply() == "")
    #expect(
      court.recipient("bad@one.test").reply()
        == "450 4.1.1 <bad@one.test>: Recipient address rejected: unverified address: host h[192.0.2.1] said: 550 no")
    #expect(court.sender("bad@one.test").reply().hasPrefix("450 4.1.7 <bad@one.test>: Sender address rejected: unverified address: host"))
    #expect(court.recipient("down@one.test").reply() == "450 4.1.1 <down@one.test>: Recipient address rejected: unverified address: timed out")
    #expect(court.recipient("new@one.test").reply().hasSuffix("unverified address: Address verification in progress"))
    #expect(court.recipient("else@one.test").reply() == "450 4.1.1 <else@one.test>: Recipient address rejected: address verification problem")
    #expect(court.sender("").reply() == "", "nobody is the null sender")
  }

  @Test func codesAndReasons() {
    let strict = court.with {
      $0.settings.unverifiedRecipient.rejectCode = 550
      $0.settings.unverifiedRecipient.deferCode = 250
      $0.settings.unverifiedSender.rejectReason = "we asked"
    }
    #expect(strict.recipient("bad@one.test").reply().hasPrefix("550 5.1.1 <bad@one.test>: Recipient address rejected: undeliverable address: host h"))
    #expect(strict.recipient("down@one.test").reply() == "")
    #expect(strict.sender("bad@one.test").reply() == "450 4.1.7 <bad@one.test>: Sender address rejected: unverified address: we asked")
  }

  @Test func whatRefusesForGoodComesFirst() {
    let both = court.recipient("down@one.test").with { $0.lists[.recipient] = "reject_unverified_recipient, reject" }
    #expect(both.reply().hasPrefix("554"))
    #expect(both.with { $0.settings.unverifiedRecipient.tempfailAction = .defer }.reply().hasPrefix("450"))
  }

  @Test func warnings() {
    let court = court.recipient("bad@one.test").with { $0.lists[.recipient] = "warn_if_reject reject_unverified_recipient" }
    #expect(court.reply() == "")
    #expect(court.notes().first?.hasPrefix("reject_warning: 450 4.1.1 <bad@one.test>: Recipient address rejected: unverified") == true)
  }

  /// What a server says at length is not repeated.
  @Test func longReasons() {
    let court = court.recipient("bad@one.test").with {
      $0.verified["bad@one.test"] = Verification(.undeliverable, String(repeating: "x", count: 999))
    }
    #expect(court.reply().hasSuffix("unverified address: " + String(repeating: "x", count: 250)))
  }
}
