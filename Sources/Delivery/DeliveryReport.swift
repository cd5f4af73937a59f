// SPDX-License-Identifier: Apache-2.0
import Events
import Queue

/// What an attempt did for one recipient. Its description is Postfix's log line, after the queue id.
package struct DeliveryReport: Equatable, Sendable, CustomStringConvertible {
  package enum Status: String, Sendable { case sent, deferred, bounced, held }

  package typealias Delays = DeliveryFacts.Delays

  package var queueID: QueueID
  package var recipient: String
  /// As the client gave it.
  package var original: String
  package var relay: Relay
  package var delays: Delays
  /// RFC 3463.
  package var dsn: String
  package var status: Status
  package var text: String

  /// The agent, which is also the name of the log's daemon (`postfix/virtual`).
  package enum Relay: String, Sendable {
    case local, virtual, none

    package var service: Service {
      switch self {
      case .local: "local"
      case .virtual: "virtual"
      case .none: "error"
      }
    }
  }

  package init(
    queueID: QueueID, recipient: String, original: String, relay: Relay, delays: Delays, dsn: String, status: Status, text: String
  ) {
    self.queueID = queueID
    self.recipient = recipient
    self.original = original
    self.relay = relay
    self.delays = delays
    self.dsn = dsn
    self.status = status
    self.text = text
  }

  /// For the log.
  package var event: Event { Event(relay.service, .delivery(facts), queueID: queueID) }

  package var description: String { Event(relay.service, .delivery(facts)).text }

  private var facts: DeliveryFacts {
    DeliveryFacts(
      recipient: recipient, original: original, relay: relay.rawValue, delays: delays, dsn: dsn, status: status.rawValue, reason: text)
  }
}
