// SPDX-License-Identifier: Apache-2.0
import CLinux
import Events

/// The times of log lines, each formatted once per second.
struct Stamps {
  private var second: Int64 = .min
  private var time = clinux_time()
  private var classicText: [UInt8] = []
  private var terminalText: [UInt8] = []
  private var dateText: [UInt8] = []
  private var zoneText: [UInt8] = []

  /// Let it know the moment first, in microseconds since 1970.
  mutating func set(_ microseconds: Int64) {
    let now = microseconds.dividedDown(by: 1_000_000)
    if now == second { return }
    second = now
    clinux_local_time(now, &time)
    setTexts()
  }

  /// `Nov 21 01:45:07 `, the day padded with a blank.
  var classic: [UInt8] { classicText }

  /// `01:45:07 `.
  var terminal: [UInt8] { terminalText }

  /// `2026-11-21T01:45:07.123456+01:00`, RFC 3339 §5.6.
  func rfc3339(_ microseconds: Int64) -> [UInt8] {
    var text = dateText
    text.write(number: microseconds - microseconds.dividedDown(by: 1_000_000) * 1_000_000, atLeast: 6)
    text += zoneText
    return text
  }

  private mutating func setTexts() {
    var clock: [UInt8] = []
    clock.write(number: Int64(time.hour), atLeast: 2)
    clock.write(":")
    clock.write(number: Int64(time.minute), atLeast: 2)
    clock.write(":")
    clock.write(number: Int64(time.second), atLeast: 2)
    terminalText = clock + [0x20]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    classicText = Array("\(months[max(0, min(11, Int(time.month) - 1))]) \(time.day < 10 ? " " : "")\(time.day) ".utf8) + terminalText
    dateText = []
    dateText.write(number: Int64(time.year), atLeast: 4)
    dateText.write("-")
    dateText.write(number: Int64(time.month), atLeast: 2)
    dateText.write("-")
    dateText.write(number: Int64(time.day), atLeast: 2)
    dateText.write("T")
    dateText += clock
    dateText.write(".")
    setZone()
  }

  private mutating func setZone() {
    let minutes = Int64(time.offset) / 60
    zoneText = [UInt8(ascii: minutes < 0 ? "-" : "+")]
    zoneText.write(number: abs(minutes) / 60, atLeast: 2)
    zoneText.write(":")
    zoneText.write(number: abs(minutes) % 60, atLeast: 2)
  }
}

extension Int64 {
  /// Down, not towards zero: the second before 1970 is -1.
  fileprivate func dividedDown(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
