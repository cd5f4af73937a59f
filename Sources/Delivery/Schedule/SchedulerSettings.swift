// SPDX-License-Identifier: Apache-2.0
import Queue

/// What the scheduler goes by; each is a setting of Postfix's. Times are in microseconds.
package struct SchedulerSettings: Sendable {
  package var limits: @Sendable (_ transport: String) -> TransportLimits = { _ in TransportLimits() }
  package var backOff = BackOff()
  /// `maximal_queue_lifetime`, `bounce_queue_lifetime`
  package var lifetime: Int64 = 432_000_000_000
  package var bounceLifetime: Int64 = 432_000_000_000
  /// `transport_retry_time`
  package var transportRetryTime: Int64 = 60_000_000
  /// `defer_transports`
  package var deferredTransports: Set<String> = []
  /// `qmgr_message_active_limit`
  package var activeLimit = 20_000
  /// `qmgr_message_recipient_limit`
  package var recipientLimit = 20_000
  /// The address of `double_bounce_sender`: mail to it is thrown away.
  package var doubleBounceSender = ""
  /// `soft_bounce`
  package var softBounce = false

  package init() {}

  /// `now` in microseconds since 1970.
  func isTooOld(_ envelope: Envelope, _ now: Int64) -> Bool {
    now.difference(from: envelope.arrival) >= (envelope.sender.isEmpty ? bounceLifetime : lifetime)
  }
}
