// SPDX-License-Identifier: Apache-2.0

/// Where a log goes.
package struct LogSettings: Sendable {
  package enum Stamp: String, CaseIterable, Sendable {
    /// `Nov 21 01:45:07`
    case classic
    /// `2026-11-21T01:45:07.123456+01:00`
    case rfc3339
  }

  package enum Target: Sendable {
    /// A file or a terminal that is open already, and stays the caller's.
    case descriptor(Int32, Log.Style, Stamp)
    /// A socket that takes datagrams of RFC 3164, such as `/dev/log`. `facility` is RFC 5424's number.
    case syslog(path: String, facility: Int)
    /// A socket of the journal's native protocol.
    case journal(path: String, facility: Int)
  }

  package var host: String
  package var sinks: [Target]
  /// Events for whoever connects to this socket.
  package var events: EventSocket?
  /// Who keeps what is needed to explain each message; then there is more to tell than the log has.
  package var trace: (any TraceTaker)?
  package var traceDetail = TraceDetail.notable

  package init(host: String, sinks: [Target], events: EventSocket? = nil) {
    self.host = host
    self.sinks = sinks
    self.events = events
  }
}

/// Takes records as `EventRecord` writes them. Called on the log's thread, which must not wait.
package protocol TraceTaker: AnyObject, Sendable {
  /// `lost`: events before these that there was no room for.
  func take(_ records: [UInt8], lost: Int)
  /// What it has to say itself, for the log.
  func takeWarnings() -> [String]
  /// Returns when all that it has taken is kept, or cannot be.
  func flush()
}

/// How much there is to tell beyond the log.
package enum TraceDetail: Sendable {
  case none
  /// What stages refuse and change; those that let a message pass in one event.
  case notable
  /// Each answer of each stage, and the subject.
  case all
}
