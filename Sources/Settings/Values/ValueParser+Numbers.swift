// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension ValueParser {
  mutating func parseBoolean(_ text: LocatedText) -> Bool? {
    switch text.text.lowercased() {
    case "yes": return true
    case "no": return false
    default: break
    }
    let meant = ["true": "yes", "on": "yes", "1": "yes", "false": "no", "off": "no", "0": "no"][text.text.lowercased()]
    report(.error(text, "expected `yes` or `no`, not `\(text.text)`", hint: meant.map { "write `\($0)`" }))
    return nil
  }

  mutating func parseInteger(_ text: LocatedText, in range: ClosedRange<Int>) -> Int? {
    let isNegative = range.lowerBound < 0 && text.bytes.first == UInt8(ascii: "-")
    guard let size = Int(digits: text.bytes[(isNegative ? 1 : 0)...]) else {
      let isNumber = Int(digits: text.bytes.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: ".") }[...]) != nil
      report(.error(text, "expected a whole number, not `\(text.text)`", hint: isNumber ? "digits only" : nil))
      return nil
    }
    return check(isNegative ? -size : size, text, in: range)
  }

  mutating func parseMode(_ text: LocatedText) -> Int? {
    if text.bytes.allSatisfy({ (0x30...0x37).contains($0) }), let value = Int(text.text, radix: 8), value <= 0o7777 { return value }
    report(.error(text, "expected a permission in octal, not `\(text.text)`", hint: "such as 0600"))
    return nil
  }

  mutating func parsePort(_ text: LocatedText) -> Int? {
    if let port = Self.services[text.text.lowercased()] { return port }
    if let value = Int(digits: text.bytes[...]) { return check(value, text, in: 1...65535) }
    let meant = Suggestion(Self.services.keys.sorted()).nearest(to: text.text).map { "did you mean `\($0)`?" }
    report(.error(text, "expected a port, not `\(text.text)`", hint: meant ?? "a number from 1 to 65535, or a name such as smtp"))
    return nil
  }

  /// The names of ports that mail uses (IANA's registry), so that no file of the system is needed.
  private static let services = [
    "smtp": 25, "smtps": 465, "submissions": 465, "submission": 587, "lmtp": 24, "pop3": 110, "pop3s": 995, "imap": 143, "imaps": 993, "sieve": 4190,
  ]

  /// `10m`, `10`, Dovecot's `10 mins`
  mutating func parseDuration(_ text: LocatedText, unit: DurationUnit, seconds range: ClosedRange<Int>) -> Duration? {
    let digitCount = text.bytes.prefix { $0.isDigit }.count
    let word = text[digitCount...].trimmed.text
    guard let count = Int(digits: text.bytes.prefix(digitCount)), let unit = word.isEmpty ? unit : DurationUnit(word: word) else {
      report(.error(text, "expected a duration, not `\(text.text)`", hint: "a number and a unit: s, m, h, d or w, such as 30s"))
      return nil
    }
    // Compared as a fraction, so that no product can overflow.
    let limit = Duration.seconds(range.upperBound)
    guard Double(count) * (unit.duration / .seconds(1)) <= Double(range.upperBound), unit.duration * count >= .seconds(range.lowerBound) else {
      report(.error(text, "`\(text.text)` is out of range", hint: "from \(range.lowerBound)s to \(limit.components.seconds)s"))
      return nil
    }
    return unit.duration * count
  }

  /// `10240000`, `10M`, `10 MiB`
  mutating func parseByteCount(_ text: LocatedText, in range: ClosedRange<Int>) -> Int? {
    let digitCount = text.bytes.prefix { $0.isDigit }.count
    let word = text[digitCount...].trimmed.text.lowercased()
    guard let count = Int(digits: text.bytes.prefix(digitCount)), let shift = Self.byteUnits[word] else {
      report(.error(text, "expected a number of bytes, not `\(text.text)`", hint: "digits, perhaps with K, M or G, such as 10M"))
      return nil
    }
    let (value, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
    return check(overflow ? .max : value, text, in: range.lowerBound...min(range.upperBound, 1 << 62))
  }

  private static let byteUnits = [
    "": 0, "b": 0, "k": 10, "kb": 10, "kib": 10, "m": 20, "mb": 20, "mib": 20, "g": 30, "gb": 30, "gib": 30, "t": 40, "tb": 40, "tib": 40,
  ]

  private mutating func check(_ value: Int, _ text: LocatedText, in range: ClosedRange<Int>) -> Int? {
    if range.contains(value) { return value }
    let hint = value < range.lowerBound ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
    report(.error(text, "`\(text.text)` is out of range", hint: hint))
    return nil
  }
}

extension DurationUnit {
  /// Postfix's letters, and the words that Dovecot takes.
  fileprivate init?(word: String) {
    let word = word.lowercased()
    if let unit = DurationUnit(rawValue: word) {
      self = unit
    } else if let unit = Self.allCases.first(where: { word.count >= 3 && $0.title.hasPrefix(word.hasSuffix("s") ? String(word.dropLast()) : word) }) {
      self = unit
    } else if word == "msec" || word == "msecs" {
      self = .milliseconds
    } else {
      return nil
    }
  }
}

extension UInt8 {
  var isDigit: Bool { (0x30...0x39).contains(self) }
}

extension Int {
  /// Digits only, at least one; a number too big for `Int` counts as `Int.max`.
  init?(digits: ArraySlice<UInt8>) {
    guard !digits.isEmpty, digits.allSatisfy(\.isDigit) else { return nil }
    self = Int(String(decoding: digits, as: UTF8.self)) ?? .max
  }
}
