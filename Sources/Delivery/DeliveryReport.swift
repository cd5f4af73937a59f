// SPDX-License-Identifier: Apache-2.0
import Queue

/// What an attempt did for one recipient. Its description is Postfix's log line, after the queue id.
package struct DeliveryReport: Equatable, Sendable, CustomStringConvertible {
  package enum Status: String, Sendable { case sent, deferred, bounced, held }

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
  package enum Relay: String, Sendable { case local, virtual, none }

  /// How long the steps took, in microseconds.
  package struct Delays: Equatable, Sendable {
    /// From the arrival until an agent had the message.
    package var before: Int64
    /// Until it began with this recipient.
    package var queue: Int64
    /// Until there was a connection.
    package var connection: Int64
    package var transmission: Int64

    package init(before: Int64, queue: Int64, connection: Int64, transmission: Int64) {
      self.before = before
      self.queue = queue
      self.connection = connection
      self.transmission = transmission
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

  package var description: String {
    let aliased = original.isEmpty || original == recipient ? "" : " orig_to=<\(original)>,"
    return "to=<\(recipient)>,\(aliased) relay=\(relay.rawValue), \(delays), dsn=\(dsn), status=\(status.rawValue) (\(text))"
  }
}

extension DeliveryReport.Delays: CustomStringConvertible {
  package var description: String {
    let parts = [before, queue, connection, transmission].map { max(0, min($0, .max / 8)) }
    return "delay=\(Self.seconds(parts.reduce(0, +))), delays=\(parts.map(Self.seconds).joined(separator: "/"))"
  }

  /// Seconds as Postfix logs them: two digits that count, none beyond the hundredths (`delay_logging_resolution_limit`), no zeros at the end.
  private static func seconds(_ microseconds: Int64) -> String {
    if microseconds >= 9_950_000 { return "\((microseconds + 500_000) / 1_000_000)" }
    let hundredths = microseconds >= 995_000 ? (microseconds + 50_000) / 100_000 * 10 : (microseconds + 5_000) / 10_000
    let (whole, fraction) = (hundredths / 100, hundredths % 100)
    if fraction == 0 { return "\(whole)" }
    if fraction % 10 == 0 { return "\(whole).\(fraction / 10)" }
    return fraction < 10 ? "\(whole).0\(fraction)" : "\(whole).\(fraction)"
  }
}
