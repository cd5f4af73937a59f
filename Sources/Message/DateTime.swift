// SPDX-License-Identifier: Apache-2.0

/// Writes RFC 5322 §3.3 date-times as Postfix does (`Thu,  7 Feb 2013 10:00:00 +0000 (UTC)`, the day in two columns), and remembers
/// the last one: mail that arrives in the same second pays for a copy only.
package struct DateTime: Sendable {
  private var second = Int64.min
  private var zone = Zone.utc
  private var text: [UInt8] = []

  package init() {}

  /// `time` is in microseconds since 1970.
  package mutating func write(_ time: Int64, _ zone: Zone, into output: inout [UInt8]) {
    let second = DateTime.seconds(time)
    if second != self.second || zone != self.zone {
      self.second = second
      self.zone = zone
      format()
    }
    output.append(contentsOf: text)
  }

  private mutating func format() {
    let civil = CivilTime(seconds: second.addingReportingOverflow(Int64(zone.offset)).partialValue)
    text.removeAll(keepingCapacity: true)
    text.write(DateTime.weekdays[civil.weekday])
    text.write(", ")
    text.writeNumber(civil.day, width: 2, padding: 0x20)
    text.append(0x20)
    text.write(DateTime.months[civil.month - 1])
    text.append(0x20)
    text.writeNumber(civil.year, width: 4)
    text.append(0x20)
    writeClock(civil)
    writeZone()
  }

  private mutating func writeClock(_ civil: CivilTime) {
    text.writeNumber(civil.hour, width: 2)
    text.append(0x3A)
    text.writeNumber(civil.minute, width: 2)
    text.append(0x3A)
    text.writeNumber(civil.second, width: 2)
  }

  private mutating func writeZone() {
    let minutes = abs(zone.offset) / 60
    text.write(zone.offset < 0 ? " -" : " +")
    text.writeNumber(minutes / 60, width: 2)
    text.writeNumber(minutes % 60, width: 2)
    guard !zone.name.isEmpty else { return }
    text.write(" (")
    text.writeVisible(zone.name)
    text.append(0x29)
  }

  /// `YYYYMMDDhhmmss` in UTC, as in Postfix's message ids.
  static func writeStamp(_ time: Int64, into output: inout [UInt8]) {
    let civil = CivilTime(seconds: seconds(time))
    output.writeNumber(civil.year, width: 4)
    for part in [civil.month, civil.day, civil.hour, civil.minute, civil.second] { output.writeNumber(part, width: 2) }
  }

  /// `Thu Feb  7 10:00:00 2013`, as asctime(3).
  static func writeCivil(_ time: Int64, _ zone: Zone, into output: inout [UInt8]) {
    let civil = CivilTime(seconds: seconds(time).addingReportingOverflow(Int64(zone.offset)).partialValue)
    output.write("\(weekdays[civil.weekday]) \(months[civil.month - 1]) ")
    output.writeNumber(civil.day, width: 2, padding: 0x20)
    for (mark, part) in [(UInt8(0x20), civil.hour), (0x3A, civil.minute), (0x3A, civil.second)] {
      output.append(mark)
      output.writeNumber(part, width: 2)
    }
    output.append(0x20)
    output.writeNumber(civil.year, width: 4)
  }

  private static func seconds(_ time: Int64) -> Int64 {
    time >= 0 ? time / 1_000_000 : -((999_999 &- time) / 1_000_000)
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
