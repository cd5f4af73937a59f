// SPDX-License-Identifier: Apache-2.0

/// How many deliveries to one destination may run at a time, as it shows what it stands: Postfix's feedback (SCHEDULER_README).
package struct ConcurrencyWindow: Equatable, Sendable {
  package private(set) var size: Int
  /// Parts of a step up, and of a step down, that have come together so far.
  private var success = 0.0
  private var failure = 0.0
  /// Failures one after the other, each as the part of the deliveries under way that it was.
  private var failedCohorts = 0.0

  package init(_ limits: TransportLimits) { size = max(1, min(limits.initialConcurrency, limits.mostAtOnce)) }

  /// The last delivery failed, and one or some before it perhaps.
  var isFailing: Bool { failedCohorts > 0 }

  /// A delivery went well while `busy` were under way, itself among them.
  package mutating func succeeded(_ limits: TransportLimits, busy: Int) {
    failedCohorts = 0
    // Only as far as it is made use of.
    guard size < limits.mostAtOnce, size < busy + max(1, limits.initialConcurrency) else { return }
    success += limits.positiveFeedback.amount(size)
    while success + ConcurrencyWindow.rounding >= 1 {
      success -= 1
      failure = 0
      size = min(size + 1, limits.mostAtOnce)
    }
  }

  /// A delivery found the destination dead; false when that is enough to leave it alone.
  package mutating func failed(_ limits: TransportLimits) -> Bool {
    failedCohorts += 1 / Double(size)
    if limits.failedCohortLimit > 0, failedCohorts + ConcurrencyWindow.rounding >= limits.failedCohortLimit { return false }
    failure -= limits.negativeFeedback.amount(size)
    while failure + ConcurrencyWindow.rounding < 0 {
      failure += 1
      success = 0
      size = max(1, size - 1)
    }
    return true
  }

  /// Sums of fractions are not exact.
  private static let rounding = 0.000_001
}
