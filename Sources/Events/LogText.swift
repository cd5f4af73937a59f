// SPDX-License-Identifier: Apache-2.0
import Bytes

extension [UInt8] {
  package mutating func write(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  /// Text from anywhere as it may stand in a log or on a terminal: control characters become `?`, so that it cannot begin a line.
  package mutating func writeVisible(_ text: UnsafeRawBufferPointer) {
    let start = count
    append(contentsOf: text)
    for index in start..<count where self[index] < 0x20 || self[index] == 0x7f { self[index] = UInt8(ascii: "?") }
  }

  package mutating func write(number: Int64, atLeast width: Int = 1) {
    if number < 0 { append(UInt8(ascii: "-")) }
    // From the front: turning a slice round would copy it.
    var (divisor, digits) = (1 as UInt64, 1)
    while number.magnitude / divisor >= 10 {
      divisor *= 10
      digits += 1
    }
    while digits < width {
      append(0x30)
      digits += 1
    }
    while divisor > 0 {
      append(0x30 + UInt8(truncatingIfNeeded: number.magnitude / divisor % 10))
      divisor /= 10
    }
  }

  package mutating func write(_ address: IPAddress) {
    guard address.family == .v4 else { return append(contentsOf: address.description.utf8) }
    for shift in stride(from: 24 as UInt64, through: 0, by: -8) {
      write(number: Int64(address.low >> shift & 0xff))
      if shift > 0 { append(UInt8(ascii: ".")) }
    }
  }
}
