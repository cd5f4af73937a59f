// SPDX-License-Identifier: Apache-2.0

/// What a transport may do at a time. Each is a setting of Postfix's for one transport, or its default; times are in microseconds.
package struct TransportLimits: Equatable, Sendable {
  /// `default_process_limit`: deliveries at a time to destinations that work.
  package var processLimit = 100
  /// `initial_destination_concurrency`
  package var initialConcurrency = 5
  /// `_destination_concurrency_limit`; 0 is none.
  package var concurrencyLimit = 20
  /// `_destination_recipient_limit`; 0 is none. With 1, what is said of a destination is said of a recipient.
  package var recipientLimit = 50
  /// `_destination_concurrency_positive_feedback`, `…_negative_feedback`
  package var positiveFeedback = Feedback()
  package var negativeFeedback = Feedback()
  /// `_destination_concurrency_failed_cohort_limit`; 0 is none.
  package var failedCohortLimit = 1.0
  /// `_destination_rate_delay`, `_transport_rate_delay`
  package var destinationDelay: Int64 = 0
  package var transportDelay: Int64 = 0
  /// `minimal_backoff_time`: so long a dead destination is left alone.
  package var deadTime: Int64 = 300_000_000

  package init() {}

  /// The most deliveries to one destination at a time.
  var mostAtOnce: Int { destinationDelay > 0 ? 1 : concurrencyLimit > 0 ? concurrencyLimit : .max }
  var slots: Int { transportDelay > 0 ? 1 : max(1, processLimit) }
}

/// By how much a delivery changes the concurrency of its destination: `1`, `0.5`, `1/concurrency`, `1/sqrt_concurrency`.
package struct Feedback: Equatable, Sendable {
  package enum Scale: Equatable, Sendable { case none, concurrency, squareRoot }

  package var value: Double
  package var scale: Scale

  package init(_ value: Double = 1, _ scale: Scale = .none) {
    self.value = value
    self.scale = scale
  }

  func amount(_ window: Int) -> Double {
    switch scale {
    case .none: value
    case .concurrency: value / Double(max(1, window))
    case .squareRoot: value / Double(max(1, window)).squareRoot()
    }
  }
}
