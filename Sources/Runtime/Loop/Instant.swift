// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A point on the monotonic clock, in nanoseconds.
package struct Instant: Comparable, Hashable, Sendable {
  package let nanoseconds: UInt64

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static let never = Instant(nanoseconds: .max)
  package static let distantPast = Instant(nanoseconds: 0)

  package static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Saturates: a deadline that overflows is `never`.
  package static func + (left: Instant, right: Duration) -> Instant {
    let (seconds, attoseconds) = right.components
    guard seconds >= 0, attoseconds >= 0 else { return left }
    let (scaled, tooLong) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    if tooLong { return .never }
    let (sum, overflow) = left.nanoseconds.addingReportingOverflow(scaled)
    if overflow { return .never }
    let (total, carried) = sum.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
    return carried ? .never : Instant(nanoseconds: total)
  }

  /// The time from `right` to `left`; zero when that is negative.
  package static func - (left: Instant, right: Instant) -> Duration {
    left <= right ? .zero : .nanoseconds(Int64(clamping: left.nanoseconds - right.nanoseconds))
  }

  package static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
  }
}

/// Wall-clock time in microseconds since 1970.
package func wallClock() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1000
}
