// SPDX-License-Identifier: Apache-2.0

/// Who writes: what stands before the text of every line.
package struct LogOrigin: Sendable {
  package var host: [UInt8]
  package var processID: Int32
  /// By the number that records have.
  package var names: [[UInt8]]

  package init(host: String, processID: Int32, names: [String]) {
    self.host = Array(host.utf8)
    self.processID = processID
    self.names = names.map { Array($0.utf8) }
  }

  func name(_ event: RecordedEvent) -> [UInt8] { names.indices.contains(event.name) ? names[event.name] : [] }

  /// `postfix/smtpd[4711]: connect from …`
  package func appendTagged(_ event: RecordedEvent, to line: inout [UInt8]) {
    appendTag(event, to: &line)
    line.write("[")
    line.write(number: Int64(processID))
    line.write("]: ")
    PostfixText.append(event, to: &line)
  }

  /// `postfix/smtpd`
  package func appendTag(_ event: RecordedEvent, to line: inout [UInt8]) {
    line.append(contentsOf: name(event))
    line.write("/")
    line.append(contentsOf: event.service)
  }
}

/// `Nov 21 01:45:07 mx postfix/smtpd[4711]: connect from …`, or with a stamp of RFC 3339. The stamp ends in a blank.
package enum ClassicLine {
  package static func append(_ event: RecordedEvent, _ origin: LogOrigin, stamp: [UInt8], to line: inout [UInt8]) {
    line.append(contentsOf: stamp)
    line.append(contentsOf: origin.host)
    line.write(" ")
    origin.appendTagged(event, to: &line)
    line.write("\n")
  }
}

/// RFC 3164 §4.1 as the C library speaks to `/dev/log`: `<22>Nov 21 01:45:07 postfix/smtpd[4711]: connect from …`.
package enum SyslogDatagram {
  /// What takers read at least; the rest of a longer line is cut off.
  package static let maximumLength = 8192

  package static func append(_ event: RecordedEvent, _ origin: LogOrigin, facility: Int, stamp: [UInt8], to datagram: inout [UInt8]) {
    let start = datagram.count
    datagram.write("<")
    datagram.write(number: Int64(facility * 8 + event.severity.syslogLevel))
    datagram.write(">")
    datagram.append(contentsOf: stamp)
    origin.appendTagged(event, to: &datagram)
    if datagram.count - start > maximumLength { datagram.removeSubrange((start + maximumLength)...) }
  }
}
