// SPDX-License-Identifier: Apache-2.0
import Bytes
import Restrictions
import Runtime
import SMTP
import Testing

@testable import Delivery

/// What is known of addresses, and when it is asked about.
@Suite struct VerificationTests {
  private static let good = Verification(.deliverable, "250 2.1.5 Ok")
  private static let bad = Verification(.undeliverable, "550 5.1.1 no")
  private static let down = Verification(.deferred, "connect to mx[192.0.2.1]:25: Connection refused")

  private var rules: VerificationCache.Rules {
    var rules = VerificationCache.Rules()
    (rules.positiveExpiry, rules.positiveRefresh, rules.negativeExpiry, rules.negativeRefresh) = (1000, 100, 500, 50)
    return rules
  }

  @Test func timesOfGoodAddresses() {
    var cache = VerificationCache(rules)
    #expect(cache.look("a@b.test", now: 0) == (nil, true))
    cache.note(Self.good, of: "a@b.test", now: 10)
    #expect(cache.look("a@b.test", now: 109) == (Self.good, false))
    #expect(cache.look("a@b.test", now: 110) == (Self.good, true))
    #expect(cache.look("a@b.test", now: 1009) == (Self.good, true))
    #expect(cache.look("a@b.test", now: 1010) == (nil, true))
  }

  @Test func timesOfBadAddresses() {
    var cache = VerificationCache(rules)
    cache.note(Self.bad, of: "a@b.test", now: 10)
    #expect(cache.look("a@b.test", now: 59) == (Self.bad, false))
    #expect(cache.look("a@b.test", now: 60) == (Self.bad, true))
    #expect(cache.look("a@b.test", now: 510) == (nil, true))
  }

  /// As in Postfix: one question that fails does not undo what was known.
  @Test func aGoodAddressStaysGoodUntilItExpires() {
    var cache = VerificationCache(rules)
    cache.note(Self.good, of: "a@b.test", now: 10)
    cache.note(Self.down, of: "a@b.test", now: 200)
    #expect(cache.look("a@b.test", now: 300) == (Self.good, true))
    cache.note(Self.bad, of: "a@b.test", now: 1010)
    #expect(cache.look("a@b.test", now: 1011) == (Self.bad, false))
    cache.note(Self.good, of: "a@b.test", now: 1020)
    #expect(cache.look("a@b.test", now: 1021) == (Self.good, false))
  }

  @Test func withoutNegativeCache() {
    var rules = rules
    (rules.keepsNegatives, rules.shortExpiry) = (false, 6)
    var cache = VerificationCache(rules)
    cache.note(Self.bad, of: "a@b.test", now: 10)
    #expect(cache.look("a@b.test", now: 15) == (Self.bad, false))
    #expect(cache.look("a@b.test", now: 16) == (nil, true))
    #expect(cache.takeChanges() == nil)
    cache.note(Self.good, of: "c@b.test", now: 10)
    #expect(cache.takeChanges()?.map(\.address) == ["c@b.test"])
  }

  @Test func isBounded() {
    var cache = VerificationCache(rules, capacity: 2)
    for name in ["a", "b", "c"] { cache.note(Verification(.deliverable, String(repeating: "x", count: 999)), of: name, now: 10) }
    #expect(cache.count == 2)
    #expect(cache.look("a", now: 11).known == nil)
    #expect(cache.look("c", now: 11).known?.text.count == 250)
    #expect(cache.cleanUp(now: 1010) == (0, 2))
  }

  @Test func onDisk() throws {
    var cache = VerificationCache(rules)
    cache.note(Self.good, of: "a@b.test", now: 10)
    cache.note(Verification(.undeliverable, "550 a:b\n\tc"), of: "\"x y\"@b.test", now: 11)
    let changes = cache.takeChanges()
    let text = VerificationList.text(try #require(changes))
    #expect(cache.takeChanges() == nil)
    var other = VerificationCache(rules)
    other.adopt(try VerificationList.read(text, limit: 2), now: 12)
    #expect(other.look("a@b.test", now: 12) == (Self.good, false))
    #expect(other.look("\"x y\"@b.test", now: 12).known == Verification(.undeliverable, "550 a:b  c"))
    #expect(throws: SealedLines.Damage.tooMany) { try VerificationList.read(text, limit: 1) }
    for length in 0..<text.count { #expect(throws: SealedLines.Damage.self) { try VerificationList.read(Array(text[..<length]), limit: 9) } }
  }

  @Test func whatIsNewerCounts() {
    var cache = VerificationCache(rules)
    cache.note(Self.good, of: "a", now: 20)
    cache.adopt([("a", .init(Self.bad, updated: 19)), ("b", .init(Self.bad, updated: 19))], now: 21)
    #expect(cache.look("a", now: 21).known == Self.good)
    #expect(cache.look("b", now: 21).known == Self.bad)
    cache.adopt([("a", .init(Self.bad, updated: 21))], now: 21)
    #expect(cache.look("a", now: 21).known == Self.bad)
  }

  // MARK: who asks

  private final class PlayedProber: AddressProber {
    let asked = Monitor<[(address: String, done: @Sendable (Verification) -> Void)]>([])

    func probe(_ address: String, _ destination: Destination, done: @escaping @Sendable (Verification) -> Void) {
      asked.withLock { $0.append((address, done)) }
    }

    var addresses: [String] { asked.withLock { $0.map(\.address) } }
    func answer(_ index: Int, _ found: Verification) { asked.withLock { $0[index].done }(found) }
  }

  private func mailbox(_ text: String) -> SMTP.Mailbox { SMTP.Mailbox(address: text) }

  @Test func oneQuestionAtATime() {
    let (prober, clock) = (PlayedProber(), Monitor<Int64>(1_000_000))
    // Each question holds who asked.
    defer { prober.asked.withLock { $0 = [] } }
    let verifier = AddressVerifier(rules, prober: prober, limit: 2) { clock.withLock { $0 } }
    #expect(verifier.status(of: mailbox("a@B.test"), .remote) == .pending)
    #expect(verifier.status(of: mailbox("a@b.test"), .remote) == .pending)
    #expect(verifier.status(of: mailbox("A@b.test"), .remote) == .pending)
    #expect(verifier.status(of: mailbox("c@b.test"), .remote) == .pending, "beyond the limit nobody is asked")
    #expect(prober.addresses == ["a@B.test", "A@b.test"])
    prober.answer(0, Self.bad)
    #expect(verifier.status(of: mailbox("a@b.test"), .remote) == Self.bad)
    #expect(verifier.status(of: mailbox("c@b.test"), .remote) == .pending)
    #expect(prober.addresses == ["a@B.test", "A@b.test", "c@b.test"])
    clock.withLock { $0 = 60_000_000 }
    #expect(verifier.status(of: mailbox("a@b.test"), .remote) == Self.bad, "what is known counts while it is asked anew")
    #expect(prober.addresses.count == 3, "two are under way")
  }

  @Test func senders() {
    let plain = VerifySender("double-bounce", origin: "mx.test", lifetime: 0)
    #expect(plain.address(now: 5000) == "double-bounce@mx.test")
    #expect(plain.isOurs("Double-Bounce@mx.test", now: 0) && !plain.isOurs("x@mx.test", now: 0))
    #expect(VerifySender("", origin: "mx.test", lifetime: 0).address(now: 1) == "")
    #expect(!VerifySender("", origin: "mx.test", lifetime: 0).isOurs("", now: 1))
    let changing = VerifySender("probe@a.test", origin: "mx.test", lifetime: 3600)
    let now = changing.address(now: 7200)
    #expect(now == "probe2@a.test")
    #expect(changing.address(now: 10_800) != now)
    #expect(changing.isOurs(now, now: 10_800) && !changing.isOurs(now, now: 14_400))
  }
}
