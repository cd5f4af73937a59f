// SPDX-License-Identifier: Apache-2.0
import Runtime
import SMTP
import Server
import Settings

/// Logs the highest figures of all clients now and then, as Postfix's anvil does.
final class AnvilStatistics: Sendable {
  private let limits: [ClientLimits]
  private let interval: Duration
  private let log: Log
  private let next: Monitor<Instant>

  init(_ limits: [ClientLimits], interval: Duration, log: Log) {
    self.limits = limits
    self.interval = interval
    self.log = log
    next = Monitor(.now() + interval)
  }

  /// Call it every second or so; it logs when it is time.
  func report(now: Instant) {
    let isDue = next.withLock { next in
      guard next <= now else { return false }
      next = now + interval
      return true
    }
    guard isDue else { return }
    for line in limits.flatMap({ $0.takeStatistics() }) { log.info("anvil", line) }
  }
}

extension ClientLimits.Limits {
  init(_ listener: ListenerConfiguration, _ setup: Setup) {
    self.init()
    connections = listener[Keys.smtpdClientConnectionCountLimit]
    connectionRate = listener[Keys.smtpdClientConnectionRateLimit]
    rates = [
      .message: listener[Keys.smtpdClientMessageRateLimit], .recipient: listener[Keys.smtpdClientRecipientRateLimit],
      .handshake: listener[Keys.smtpdClientNewTlsSessionRateLimit], .authentication: listener[Keys.smtpdClientAuthRateLimit],
    ]
    timeUnit = listener[Keys.anvilRateTimeUnit]
    exceptions = setup.clients(listener[Keys.smtpdClientEventLimitExceptions], listener.below(Keys.smtpdClientEventLimitExceptions))
    prefixV4 = listener[Keys.smtpdClientIpv4PrefixLength]
    prefixV6 = listener[Keys.smtpdClientIpv6PrefixLength]
  }
}
