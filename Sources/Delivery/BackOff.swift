// SPDX-License-Identifier: Apache-2.0

/// When to try again after a failure that may pass: as Postfix, after as long as the message has been in the queue, which doubles its age.
package struct BackOff: Equatable, Sendable {
  /// `minimal_backoff_time` and `maximal_backoff_time`, in microseconds.
  package let minimum: Int64
  package let maximum: Int64

  package init(minimum: Duration = .seconds(300), maximum: Duration = .seconds(4000)) {
    self.minimum = max(0, BackOff.microseconds(minimum))
    self.maximum = max(self.minimum, BackOff.microseconds(maximum))
  }

  /// The next attempt for a message that arrived at `arrival`; all in microseconds since 1970.
  package func next(arrival: Int64, now: Int64) -> Int64 {
    let (age, overflow) = now.subtractingReportingOverflow(arrival)
    let wait = overflow ? minimum : max(minimum, min(maximum, age))
    let (next, tooLate) = now.addingReportingOverflow(wait)
    return tooLate ? .max : next
  }

  private static func microseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : product.addingReportingOverflow(attoseconds / 1_000_000_000_000).partialValue
  }
}
