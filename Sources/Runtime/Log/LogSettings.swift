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

  package init(host: String, sinks: [Target], events: EventSocket? = nil) {
    self.host = host
    self.sinks = sinks
    self.events = events
  }
}
