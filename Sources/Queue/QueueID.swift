// SPDX-License-Identifier: Apache-2.0

/// The name of a message in the spool, for ever: never used again, in order of acceptance.
///
/// 56 bits of microseconds since 1970 (moved on by one where two would be equal) and 8 bits of lane.
/// Written as Postfix writes its long queue ids, so that log analysers recognise it.
package struct QueueID: Hashable, Comparable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The id of the given moment in a lane; times before 1970 and after year 4250 are cut to these.
  package init(microseconds: Int64, lane: UInt8) {
    rawValue = UInt64(max(0, min(microseconds, Self.latest))) << 8 | UInt64(lane)
  }

  package var microseconds: Int64 { Int64(rawValue >> 8) }
  package var lane: UInt8 { UInt8(truncatingIfNeeded: rawValue) }

  private static let latest: Int64 = 1 << 56 - 1

  package static func < (left: QueueID, right: QueueID) -> Bool { left.rawValue < right.rawValue }
}

// MARK: text

/// Six or more digits of seconds and four of microseconds in base 52, `z`, the lane in base 51.
extension QueueID: CustomStringConvertible {
  package var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(16)
    write(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends its description.
  package func write(to text: inout [UInt8]) {
    append(UInt64(microseconds) / 1_000_000, 52, atLeast: 6, to: &text)
    append(UInt64(microseconds) % 1_000_000, 52, atLeast: 4, to: &text)
    text.append(separator)
    append(UInt64(lane), 51, atLeast: 1, to: &text)
  }

  /// The id that `text` is the description of; nil when it is no id's.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard let end = bytes.lastIndex(of: separator), (10...11).contains(end), (1...2).contains(bytes.count - end - 1) else { return nil }
    guard let seconds = number(bytes[..<(end - 4)], 52), let fraction = number(bytes[(end - 4)..<end], 52) else { return nil }
    guard let lane = number(bytes[(end + 1)...], 51).flatMap(UInt8.init(exactly:)), fraction < 1_000_000 else { return nil }
    guard seconds <= UInt64(Self.latest) / 1_000_000 else { return nil }
    self.init(microseconds: Int64(seconds * 1_000_000 + fraction), lane: lane)
    if description != text { return nil }
  }
}

/// Digits and consonants: no word can come out.
private let alphabet = Array("0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz".utf8)
private let separator = UInt8(ascii: "z")

/// From the first digit to the last; values are below `base` to the power of 10.
private func append(_ value: UInt64, _ base: UInt64, atLeast width: Int, to text: inout [UInt8]) {
  var (divisor, count) = (1 as UInt64, 1)
  while count < width || value / divisor >= base {
    divisor *= base
    count += 1
  }
  while divisor > 0 {
    text.append(alphabet[Int(value / divisor % base)])
    divisor /= base
  }
}

private func number(_ digits: ArraySlice<UInt8>, _ base: Int) -> UInt64? {
  var value: UInt64 = 0
  for digit in digits {
    guard let index = alphabet.firstIndex(of: digit), index < base else { return nil }
    value = value * UInt64(base) + UInt64(index)
  }
  return value
}
