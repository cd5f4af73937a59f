// SPDX-License-Identifier: Apache-2.0
import SMTP
import Synchronization

/// Counts the events of one transcript's client.
final class ScriptedMeter: ClientMeter {
  private let limits: [MeteredEvent: Int]
  private let counts = Mutex<[MeteredEvent: Int]>([:])

  static let settings: [String: MeteredEvent] = [
    "smtpd_client_message_rate_limit": .message, "smtpd_client_recipient_rate_limit": .recipient,
    "smtpd_client_new_tls_session_rate_limit": .handshake, "smtpd_client_auth_rate_limit": .authentication,
  ]

  /// Nil if no setting limits a rate.
  init?(_ settings: [(name: String, value: String)]) {
    let pairs = settings.compactMap { setting in ScriptedMeter.settings[setting.name].flatMap { event in Int(setting.value).map { (event, $0) } } }
    if pairs.isEmpty { return nil }
    limits = Dictionary(pairs) { _, last in last }
  }

  func count(_ event: MeteredEvent, by client: Client) -> Int? {
    let count = counts.withLock { counts in
      counts[event, default: 0] += 1
      return counts[event, default: 0]
    }
    return excess(count, event)
  }

  func excess(of event: MeteredEvent, by client: Client) -> Int? { excess(counts.withLock { $0[event, default: 0] }, event) }

  private func excess(_ count: Int, _ event: MeteredEvent) -> Int? { limits[event].flatMap { $0 > 0 && count > $0 ? count : nil } }
}
