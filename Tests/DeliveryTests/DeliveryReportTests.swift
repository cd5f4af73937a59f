// SPDX-License-Identifier: Apache-2.0
import Delivery
import Queue
import Testing

@Suite struct DeliveryReportTests {
  private func report(original: String = "", _ delays: (Int64, Int64, Int64, Int64) = (40_000, 0, 0, 10_000)) -> DeliveryReport {
    DeliveryReport(
      queueID: QueueID(rawValue: 1), recipient: "harry@example.com", original: original, service: "virtual", relay: "virtual",
      delays: .init(before: delays.0, queue: delays.1, connection: delays.2, transmission: delays.3), dsn: "2.0.0", status: .sent,
      text: "delivered to maildir")
  }

  @Test func theLineIsPostfixs() {
    #expect(
      report().description
        == "to=<harry@example.com>, relay=virtual, delay=0.05, delays=0.04/0/0/0.01, dsn=2.0.0, status=sent (delivered to maildir)")
  }

  @Test func anAliasIsNamed() {
    #expect(
      report(original: "admin@desktop10.example.com").description.contains("to=<harry@example.com>, orig_to=<admin@desktop10.example.com>, relay="))
    #expect(!report(original: "harry@example.com").description.contains("orig_to"))
  }

  @Test(arguments: [
    (0, "0"), (4_999, "0"), (5_000, "0.01"), (14_999, "0.01"), (15_000, "0.02"), (100_000, "0.1"), (460_000, "0.46"), (994_999, "0.99"),
    (995_000, "1"),
    (1_000_000, "1"), (1_049_999, "1"), (1_050_000, "1.1"), (9_949_999, "9.9"), (9_950_000, "10"), (12_499_999, "12"), (86_400_000_000, "86400"),
    (-5, "0"),
  ])
  func delaysHaveTwoDigitsThatCount(_ microseconds: Int64, _ text: String) {
    #expect(report((microseconds, 0, 0, 0)).description.contains(" delay=\(text), delays=\(text)/0/0/0, dsn="))
  }

  @Test func noDelayOverflows() { #expect(report((.max, .max, .max, .max)).description.contains("status=sent")) }
}

@Suite struct BackOffTests {
  private let backOff = BackOff()

  @Test(arguments: [
    (0, 300), (299, 300), (300, 300), (301, 301), (1000, 1000), (3999, 3999), (4000, 4000), (4001, 4000), (1_000_000, 4000), (-50, 300),
  ])
  func waitsAsLongAsTheMessageIsOld(_ age: Int64, _ wait: Int64) {
    let arrival: Int64 = 1_360_231_200_000_000
    let now = arrival + age * 1_000_000
    #expect(backOff.next(arrival: arrival, now: now) == now + wait * 1_000_000)
  }

  @Test func noClockOverflows() {
    #expect(backOff.next(arrival: .min, now: .max) == .max)
    #expect(backOff.next(arrival: .max, now: .min) == .min + 300_000_000)
    #expect(BackOff(minimum: .seconds(10), maximum: .seconds(5)).next(arrival: 0, now: 0) == 10_000_000)
    #expect(BackOff(minimum: .seconds(Int64.max), maximum: .seconds(Int64.max)).next(arrival: 0, now: 1) == .max)
  }
}
