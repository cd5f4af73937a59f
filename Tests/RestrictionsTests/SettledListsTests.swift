// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import SMTP
import Testing

/// What is not decided twice must not be told from what is.
@Suite struct SettledListsTests {
  private static let lists: [RestrictionPoint: String] = [
    .client: "check_client_access inline:{ bad.test=REJECT, later.test=DEFER_IF_PERMIT, note.test=WARN seen, 203.0.113=reject_non_fqdn_sender }",
    .helo: "reject_invalid_helo_hostname, check_helo_access inline:{ bad.test=REJECT, hold.test=HOLD, tls.test=reject_plaintext_session }",
    .sender: "check_sender_access inline:{ bad.test=REJECT, odd.test=reject_unlisted_recipient, drop.test=DISCARD }, reject_non_fqdn_sender",
    .recipient: "check_recipient_access inline:{ bad@example.test=REJECT }",
  ]

  private static let clients = [
    Client(address: IPAddress("192.0.2.7"), name: "a.test"), Client(address: IPAddress("192.0.2.8"), name: "bad.test"),
    Client(address: IPAddress("192.0.2.9"), name: "later.test"), Client(address: IPAddress("192.0.2.9"), name: "note.test"),
    Client(address: IPAddress("203.0.113.1"), name: "b.test"),
  ]
  private static let helos: [String?] = ["a.test", "bad.test", "hold.test", "tls.test", "-", nil]
  private static let senders = ["x@a.test", "y@a.test", "x@bad.test", "x@odd.test", "x@drop.test", "x@short", ""]
  private static let recipients = ["user@example.test", "bad@example.test", "nobody@example.test", "x@elsewhere.test"]
  private static let tls = [nil, TLSFacts(version: "TLSv1.3", cipher: "C", bits: 256)]

  /// A session that changes one thing after the other, with and without what it remembers of settled lists.
  @Test(arguments: 0..<20) func sameAnswers(seed: Int) {
    var court = Court(Self.lists)
    court.unlisted = ["nobody@example.test"]
    var memory = JudgeMemory()
    var number = UInt64(seed) &* 7919 &+ 17
    func pick<Element>(_ choices: [Element]) -> Element {
      number = number &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return choices[Int(number >> 33) % choices.count]
    }
    court.facts.client = Self.clients[0]
    for _ in 0..<60 {
      switch pick([0, 1, 2, 3, 3, 3, 4]) {
      case 0: court.facts.client = pick(Self.clients)
      case 1: court.facts.helo = pick(Self.helos)
      case 2: court = court.sender(pick(Self.senders))
      case 3: court = court.recipient(pick(Self.recipients))
      default: court.facts.tls = pick(Self.tls)
      }
      let remembering = court.decide(.recipient, memory).judgement
      memory = remembering.memory
      let anew = court.decide().judgement
      #expect(remembering.verdict == anew.verdict && remembering.notes == anew.notes)
    }
  }

  @Test func settledListsAskNobodyAgain() {
    var court = Court([.sender: "check_sender_mx_access inline:{ mx.bad.test=REJECT }"])
    court.script(.mx("a.test"), .exchanger(preference: 1, host: "mx.a.test"))
    let first = court.sender("x@a.test").decide()
    #expect(!first.asked.isEmpty)
    #expect(!court.sender("x@a.test").decide(.recipient, first.judgement.memory).asked.isEmpty, "what the DNS said is for one message")
  }
}
