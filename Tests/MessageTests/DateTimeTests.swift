// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Message

@Suite struct DateTimeTests {
  private func text(_ seconds: Int64, _ zone: Zone = .utc) -> String {
    var dates = DateTime()
    var output: [UInt8] = []
    dates.write(seconds * 1_000_000, zone, into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  @Test(arguments: [
    (0, "Thu,  1 Jan 1970 00:00:00 +0000 (UTC)"),
    (1_360_231_200, "Thu,  7 Feb 2013 10:00:00 +0000 (UTC)"),
    (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000 (UTC)"),
    (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000 (UTC)"),
    (951_868_800, "Wed,  1 Mar 2000 00:00:00 +0000 (UTC)"),
    (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000 (UTC)"),
    (4_107_542_400, "Mon,  1 Mar 2100 00:00:00 +0000 (UTC)"),
    (1_795_217_097, "Fri, 20 Nov 2026 23:24:57 +0000 (UTC)"),
    (-1, "Wed, 31 Dec 1969 23:59:59 +0000 (UTC)"),
    (-86_400, "Wed, 31 Dec 1969 00:00:00 +0000 (UTC)"),
  ])
  func writesUTC(_ seconds: Int64, _ expected: String) { #expect(text(seconds) == expected) }

  @Test func writesTheLocalDayAndOffset() {
    #expect(text(1_360_231_200, Zone(offset: 3600, name: "CET")) == "Thu,  7 Feb 2013 11:00:00 +0100 (CET)")
    #expect(text(1_360_231_200, Zone(offset: -12_600, name: "NST")) == "Thu,  7 Feb 2013 06:30:00 -0330 (NST)")
    #expect(text(1_360_231_200, Zone(offset: -39_600, name: "")) == "Wed,  6 Feb 2013 23:00:00 -1100")
  }

  @Test func aMicrosecondBeforeTheEpochIsTheDayBefore() {
    var dates = DateTime()
    var output: [UInt8] = []
    dates.write(-1, .utc, into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "Wed, 31 Dec 1969 23:59:59 +0000 (UTC)")
  }

  @Test func theRememberedTextFollowsSecondAndZone() {
    var dates = DateTime()
    let times: [(Int64, Zone)] = [(0, .utc), (999_999, .utc), (1_000_000, .utc), (1_000_000, Zone(offset: 3600, name: "CET")), (0, .utc)]
    let written = times.map { time, zone in
      var output: [UInt8] = []
      dates.write(time, zone, into: &output)
      return String(decoding: output, as: UTF8.self)
    }
    #expect(
      written == [
        "Thu,  1 Jan 1970 00:00:00 +0000 (UTC)", "Thu,  1 Jan 1970 00:00:00 +0000 (UTC)", "Thu,  1 Jan 1970 00:00:01 +0000 (UTC)",
        "Thu,  1 Jan 1970 01:00:01 +0100 (CET)", "Thu,  1 Jan 1970 00:00:00 +0000 (UTC)",
      ])
  }

  @Test(arguments: [Int64.min, .max, .min + 1, .max - 1])
  func anyClockCanBeWritten(_ time: Int64) {
    var dates = DateTime()
    var output: [UInt8] = []
    for offset in [Int.min, -360_000, 0, 360_000, Int.max] {
      dates.write(time, Zone(offset: offset, name: "X"), into: &output)
      output.append(0x0A)
    }
    #expect(output.split(separator: 0x0A).count == 5)
    #expect(output.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
  }

  @Test func everyDayFollowsTheOneBefore() {
    var previous = CivilTime(seconds: -86_400)
    for day in 0..<200_000 {
      let civil = CivilTime(seconds: Int64(day) * 86_400)
      #expect(civil.weekday == (previous.weekday + 1) % 7)
      let isNextDay = civil.day == previous.day + 1 && civil.month == previous.month && civil.year == previous.year
      let isNewMonth = civil.day == 1 && previous.day >= 28 && civil.month == previous.month % 12 + 1
      if !isNextDay && !isNewMonth { Issue.record("after \(previous) came \(civil)") }
      previous = civil
    }
  }

  @Test func stampsAreInUTC() {
    var output: [UInt8] = []
    DateTime.writeStamp(1_360_231_205_999_999, into: &output)
    #expect(String(decoding: output, as: UTF8.self) == "20130207100005")
  }
}
