// SPDX-License-Identifier: Apache-2.0

/// How far local time is from UTC, and what people call it.
package struct Zone: Equatable, Sendable {
  /// Seconds to add to UTC.
  package let offset: Int
  /// The comment after the date; empty for none.
  package let name: String

  package init(offset: Int, name: String) {
    self.offset = max(-Zone.limit, min(Zone.limit, offset))
    self.name = name
  }

  package static let utc = Zone(offset: 0, name: "UTC")

  /// RFC 5322 §3.3: four digits, so less than 100 hours.
  private static let limit = 99 * 3600
}

/// Seconds since 1970 as a date of the Gregorian calendar.
struct CivilTime: Equatable {
  let year: Int
  /// 1 to 12.
  let month: Int
  let day: Int
  let hour: Int
  let minute: Int
  let second: Int
  /// 0 is Sunday.
  let weekday: Int

  /// Howard Hinnant's days-to-civil algorithm: years begin in March, so that the leap day is the last.
  init(seconds: Int64) {
    let clamped = Int(max(-CivilTime.limit, min(CivilTime.limit, seconds)))
    let days = CivilTime.floorDivide(clamped, 86_400)
    let time = clamped - days * 86_400
    let shifted = days + 719_468
    let era = CivilTime.floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    hour = time / 3600
    minute = time / 60 % 60
    second = time % 60
    weekday = ((days + 4) % 7 + 7) % 7
  }

  /// The years 0 to 9999 and some before: beyond, a clock is broken and the date is the nearest one that can be written.
  private static let limit: Int64 = 253_402_300_799

  private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
  }
}
