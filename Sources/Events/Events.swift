// SPDX-License-Identifier: Apache-2.0
import Queue

/// What Weir tells of itself. A place in the code says what happened, as an `Event`; that is written into a record (`EventRecord`), and
/// the log's thread reads records and renders them: Postfix's line, JSON, an entry of the journal, a line for a terminal.
///
/// Records lie one after the other in plain memory: whoever reports an event makes no string and takes no reference for it.
package struct Event: Equatable, Sendable {
  package var severity: Severity
  /// The daemon of Postfix that does this.
  package var service: Service
  package var queueID: QueueID?
  /// Numbers the SMTP sessions of a process; 0 is none.
  package var session: UInt32
  package var kind: Kind

  package init(_ service: Service, _ kind: Kind, severity: Severity = .info, queueID: QueueID? = nil, session: UInt32 = 0) {
    self.severity = severity
    self.service = service
    self.queueID = queueID
    self.session = session
    self.kind = kind
  }

  /// What stands in a log line after `postfix/smtpd[pid]: `.
  package var text: String {
    var record: [UInt8] = []
    EventRecord.append(self, time: 0, name: 0, to: &record)
    return record.withUnsafeBytes { bytes in
      var rest = bytes[...]
      guard let event = RecordedEvent(&rest) else { return "" }
      var line: [UInt8] = []
      PostfixText.append(event, to: &line)
      return String(decoding: line, as: UTF8.self)
    }
  }
}

package enum Severity: UInt8, CaseIterable, Sendable {
  case info, warning, error

  /// RFC 5424 §6.2.1.
  package var syslogLevel: Int {
    switch self {
    case .info: 6
    case .warning: 4
    case .error: 3
    }
  }

  package var name: StaticString {
    switch self {
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }
}

/// A daemon's name, as log lines have it after the `/`.
package struct Service: Sendable, ExpressibleByStringLiteral {
  package let name: StaticString

  package init(stringLiteral name: StaticString) { self.name = name }
}

extension Service: Equatable {
  package static func == (left: Service, right: Service) -> Bool {
    left.name.withUTF8Buffer { left in right.name.withUTF8Buffer { left.elementsEqual($0) } }
  }
}
