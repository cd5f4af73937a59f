// SPDX-License-Identifier: Apache-2.0
import Events
import Queue

/// What an attempt did for one recipient. Its description is Postfix's log line, after the queue id.
package struct DeliveryReport: Equatable, Sendable, CustomStringConvertible {
  package enum Status: String, Sendable { case sent, deferred, bounced, held, deliverable, undeliverable }

  package typealias Delays = DeliveryFacts.Delays

  package var queueID: QueueID
  package var recipient: String
  /// As the client gave it.
  package var original: String
  /// The daemon whose line it is in the log (`postfix/virtual`).
  package var service: Service
  /// Who took the message, or would have: `local`, `virtual`, `host[address]:port`, `none`.
  package var relay: String
  package var delays: Delays
  /// RFC 3463.
  package var dsn: String
  package var status: Status
  package var text: String
  /// How many messages the connection has served, this one included.
  package var connectionUse = 1

  package init(
    queueID: QueueID, recipient: String, original: String, service: Service, relay: String, delays: Delays, dsn: String,
    status: Status, text: String
  ) {
    self.queueID = queueID
    self.recipient = recipient
    self.original = original
    self.service = service
    self.relay = relay
    self.delays = delays
    self.dsn = dsn
    self.status = status
    self.text = text
  }

  /// For the log.
  package var event: Event { Event(service, .delivery(facts), queueID: queueID) }

  package var description: String { Event(service, .delivery(facts)).text }

  /// The same failure, which is to be tried again because no report of it could be queued.
  var unreported: DeliveryReport {
    let reason = Reason(status: dsn, text: text).unreported
    var copy = self
    (copy.status, copy.dsn, copy.text) = (.deferred, reason.status, reason.text)
    return copy
  }

  private var facts: DeliveryFacts {
    var facts = DeliveryFacts(
      recipient: recipient, original: original, relay: relay, delays: delays, dsn: dsn, status: status.rawValue, reason: text)
    facts.connectionUse = connectionUse
    return facts
  }
}
