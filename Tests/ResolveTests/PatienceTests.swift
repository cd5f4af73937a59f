// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Runtime

@Suite struct PatienceTests {
  static func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: 1_000_000_000 + milliseconds * 1_000_000) }

  @Test func anExpiryMakesADoubt() {
    var patience = Patience(.seconds(5))
    #expect(patience.limit == .seconds(5))
    patience.expired(askedAt: Self.at(0), at: Self.at(5000))
    #expect(patience.limit == Patience.short)
    #expect(patience.isResting(at: Self.at(9999)))
    #expect(!patience.isResting(at: Self.at(10000)))
  }

  @Test func answersEndTheDoubtAfterAWhile() {
    var patience = Patience(.seconds(5))
    patience.expired(askedAt: Self.at(0), at: Self.at(1000))
    patience.answered(at: Self.at(2999))
    #expect(patience.limit == Patience.short)
    patience.answered(at: Self.at(3000))
    #expect(patience.limit == .seconds(5))
    #expect(!patience.isResting(at: Self.at(3000)))
  }

  @Test func oneSlowQuestionAmongOthersMakesNone() {
    var patience = Patience(.seconds(5))
    patience.answered(at: Self.at(100))
    patience.expired(askedAt: Self.at(50), at: Self.at(1050))
    #expect(patience.limit == .seconds(5))
  }

  @Test func aShortTimeLimitIsNotMadeLonger() {
    var patience = Patience(.milliseconds(100))
    patience.expired(askedAt: Self.at(0), at: Self.at(100))
    #expect(patience.limit == .milliseconds(100))
  }
}
