// SPDX-License-Identifier: Apache-2.0
import Runtime

/// Times as people write them, in local time.
enum TraceTime {
  private static let second: Int64 = 1_000_000
  private static let day: Int64 = 86_400 * second

  /// `2h`, `30m`, `7d`: so long ago. `10:30`, `2026-11-21`, `2026-11-21 10:30`, `today`, `yesterday`. Nil if it is nothing of that.
  static func parse(_ text: String, now: Int64) -> Int64? {
    if let ago = duration(text) { return now - ago }
    let today = midnight(now)
    if text == "today" { return today }
    if text == "yesterday" { return today - day }
    let parts = text.split(whereSeparator: { $0 == " " || $0 == "T" }).map(String.init)
    switch parts.count {
    case 1: return clock(parts[0]).map { today + $0 } ?? date(parts[0])
    case 2:
      guard let date = date(parts[0]), let clock = clock(parts[1]) else { return nil }
      return date + clock
    default: return nil
    }
  }

  private static func duration(_ text: String) -> Int64? {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), (0...100_000).contains(count) else { return nil }
    return count * unit * second
  }

  private static func clock(_ text: String) -> Int64? {
    let numbers = text.split(separator: ":", omittingEmptySubsequences: false).map { $0.utf8.count == 2 ? Int64($0) : nil }
    guard (2...3).contains(numbers.count), let hour = numbers[0], let minute = numbers[1], let seconds = numbers.count == 3 ? numbers[2] : 0,
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(seconds)
    else { return nil }
    return (hour * 3600 + minute * 60 + seconds) * second
  }

  private static func date(_ text: String) -> Int64? {
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
    guard numbers.count == 3, let year = numbers[0], let month = numbers[1], let dayOfMonth = numbers[2], (1970...9999).contains(year),
      (1...12).contains(month), (1...31).contains(dayOfMonth)
    else { return nil }
    let local = days(year, month, dayOfMonth) * day
    return local - offset(local)
  }

  /// The days since 1970: Howard Hinnant's way, with years that begin in March.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func midnight(_ time: Int64) -> Int64 {
    let local = time + offset(time)
    return local - local % day - offset(time)
  }

  /// East of Greenwich, in microseconds.
  private static func offset(_ time: Int64) -> Int64 { Int64(LocalZone.at(time).offset) * second }

  /// `11-21 10:30:07`
  static func stamp(_ time: Int64) -> String {
    let local = time + offset(time)
    let (date, clock) = (local / day, local % day / second)
    let (month, dayOfMonth) = monthAndDay(date)
    return "\(two(month))-\(two(dayOfMonth)) \(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60))"
  }

  /// `2026-11-21`, of days since 1970.
  static func date(ofDay days: Int64) -> String {
    let (year, month, dayOfMonth) = civil(days)
    return "\(year)-\(two(month))-\(two(dayOfMonth))"
  }

  private static func monthAndDay(_ days: Int64) -> (Int64, Int64) {
    let (_, month, dayOfMonth) = civil(days)
    return (month, dayOfMonth)
  }

  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let year = shifted / 146_097 * 400 + yearOfEra
    return (month < 10 ? year : year + 1, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
  }

  private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
