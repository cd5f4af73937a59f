// SPDX-License-Identifier: Apache-2.0
import Events
import Queue

/// The log of a process: events go in from any thread, and come out on its sinks, written by a thread of its own so that no loop waits for
/// a disk or a terminal.
///
/// Events that a burst leaves no room for are counted, and the count is logged; the daemon never waits for its log.
package final class Log: Sendable {
  package enum Style: Sendable {
    /// For people: time, service, text, in colour.
    case terminal
    /// As syslog writes it, with `name/service[pid]:`, for log analysers.
    case classic
    case json
  }

  private let writer: LogWriter
  private let name: UInt16
  private let now: @Sendable () -> Int64
  /// What beyond the log is asked for: nothing else is worth making an event of.
  package let traceDetail: TraceDetail

  /// `name` goes before the `/` of every line (`syslog_name`).
  package init(_ settings: LogSettings, name: String, now: @escaping @Sendable () -> Int64 = wallClock) throws(SystemError) {
    writer = try LogWriter(settings, name: name)
    self.name = 0
    self.now = now
    traceDetail = settings.trace == nil ? .none : settings.traceDetail
  }

  /// Writes to `descriptor` only, which stays the caller's.
  package convenience init(
    _ descriptor: Int32, style: Style, name: String = "postfix", host: String, now: @escaping @Sendable () -> Int64 = wallClock
  ) throws(SystemError) {
    try self.init(LogSettings(host: host, sinks: [.descriptor(descriptor, style, .classic)]), name: name, now: now)
  }

  private init(_ writer: LogWriter, name: UInt16, traceDetail: TraceDetail, now: @escaping @Sendable () -> Int64) {
    self.writer = writer
    self.name = name
    self.traceDetail = traceDetail
    self.now = now
  }

  /// The same log under another name: that of a listener.
  package func named(_ name: String) -> Log { Log(writer, name: writer.number(of: name), traceDetail: traceDetail, now: now) }

  /// The same log under the name that it began with.
  package var base: Log { name == 0 ? self : Log(writer, name: 0, traceDetail: traceDetail, now: now) }

  /// Tells sessions of this process apart in the log; never 0.
  package func nextSession() -> UInt32 { writer.nextSession() }

  package func event(_ event: borrowing Event) { writer.append(event, time: now(), name: name) }

  package func info(_ service: Service, _ text: String) { event(Event(service, .text(text))) }
  package func warning(_ service: Service, _ text: String) { event(Event(service, .text(text), severity: .warning)) }
  package func error(_ service: Service, _ text: String) { event(Event(service, .text(text), severity: .error)) }

  /// About one message.
  package func info(_ service: Service, _ id: QueueID?, _ text: String) { event(Event(service, .text(text), queueID: id)) }
  package func warning(_ service: Service, _ id: QueueID?, _ text: String) { event(Event(service, .text(text), severity: .warning, queueID: id)) }
  package func error(_ service: Service, _ id: QueueID?, _ text: String) { event(Event(service, .text(text), severity: .error, queueID: id)) }

  /// From now on writes to the file that `descriptor` is open on, which is closed: the old file was moved away. In the middle of a burst
  /// too, since the log's own descriptor stays and only leads elsewhere.
  package func redirect(to descriptor: Int32) { writer.redirect(to: descriptor) }

  /// Returns when all that was logged before has been written, or handed to who takes it.
  package func flush() { writer.flush() }
}
