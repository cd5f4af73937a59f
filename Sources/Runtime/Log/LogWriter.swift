// SPDX-License-Identifier: Apache-2.0
import CLinux
import Events
import Glibc
import Synchronization

/// Takes records from all threads, and writes them to the sinks on a thread of its own.
final class LogWriter: Sendable {
  private struct Buffer {
    var records: [UInt8] = []
    var lost = 0
    var names: [String]
    var writing = false
    var stopping = false
  }

  private let monitor: Monitor<Buffer>
  /// The file that may be exchanged for another.
  private let file: Int32?
  private let sessions = Atomic<UInt32>(0)
  private let trace: (any TraceTaker)?

  /// What may wait for the writer.
  private static let maximumBuffer = 4 << 20
  /// The writer collects for this long: under load a few lines per write cost a wake-up each otherwise.
  private static let collectionTime: UInt32 = 2000

  init(_ settings: LogSettings, name: String) throws(SystemError) {
    monitor = Monitor(Buffer(names: [name]))
    file = settings.sinks.lazy.compactMap { if case .descriptor(let descriptor, _, _) = $0, descriptor > 2 { descriptor } else { nil } }.first
    trace = settings.trace
    try settings.events?.start()
    try Thread(name: "log") { [monitor] in LogWriter.run(monitor, settings) }.detach()
  }

  /// The number that stands for `name` in records.
  func number(of name: String) -> UInt16 {
    monitor.withLock { buffer in
      if let index = buffer.names.firstIndex(of: name) { return UInt16(clamping: index) }
      buffer.names.append(name)
      return UInt16(clamping: buffer.names.count - 1)
    }
  }

  func nextSession() -> UInt32 {
    let number = sessions.add(1, ordering: .relaxed).newValue
    return number == 0 ? nextSession() : number
  }

  func append(_ event: borrowing Event, time: Int64, name: UInt16) {
    let mustWake = monitor.withLock { buffer -> Bool in
      guard buffer.records.count < Self.maximumBuffer else {
        buffer.lost += 1
        return false
      }
      let wasEmpty = buffer.records.isEmpty
      EventRecord.append(event, time: time, name: name, to: &buffer.records)
      return wasEmpty && !buffer.writing
    }
    if mustWake { monitor.signal() }
  }

  func redirect(to descriptor: Int32) {
    if let file { _ = clinux_redirect(file, descriptor) }
    closeDescriptor(descriptor)
  }

  func flush() {
    monitor.withLock { $0.stopping = true }
    monitor.signal()
    monitor.wait { buffer -> Void? in buffer.records.isEmpty && !buffer.writing ? () : nil }
    monitor.withLock { $0.stopping = false }
    trace?.flush()
  }

  // MARK: the log's thread

  private static func run(_ monitor: Monitor<Buffer>, _ settings: LogSettings) {
    var sinks = settings.sinks.map(makeSink)
    if let events = settings.events { sinks.append(EventStreamSink(events)) }
    if let trace = settings.trace { sinks.append(TraceSink(trace)) }
    var stamps = Stamps()
    var batch = LogBatch(host: settings.host)
    while true {
      if !wait(monitor, timeout: sinks.compactMap(\.retryAfter).min()) { usleep(collectionTime) }
      monitor.withLock { buffer in
        swap(&batch.records, &buffer.records)
        batch.lost = buffer.lost
        buffer.lost = 0
        if batch.origin.names.count != buffer.names.count { batch.setNames(buffer.names) }
      }
      for sink in sinks { sink.write(batch, &stamps) }
      for warning in sinks.flatMap({ $0.takeWarnings() }) { append(warning, to: monitor) }
      batch.records.removeAll(keepingCapacity: batch.records.capacity < 1 << 18)
      monitor.withLock { $0.writing = false }
      monitor.signal()
    }
  }

  /// Until there are records, or for `timeout`; false if more of them may come first.
  private static func wait(_ monitor: Monitor<Buffer>, timeout: Duration?) -> Bool {
    guard let timeout else { return monitor.wait { begin(&$0) } }
    return monitor.wait(timeout: timeout) { begin(&$0) } ?? true
  }

  private static func append(_ warning: String, to monitor: Monitor<Buffer>) {
    let time = wallClock()
    monitor.withLock { EventRecord.append(Event("master", .text(warning), severity: .warning), time: time, name: 0, to: &$0.records) }
  }

  private static func begin(_ buffer: inout Buffer) -> Bool? {
    guard !buffer.records.isEmpty else { return nil }
    buffer.writing = true
    return buffer.stopping
  }

  private static func makeSink(_ target: LogSettings.Target) -> any LogSink {
    switch target {
    case .descriptor(let descriptor, let style, let stamp): FileSink(descriptor, style, stamp)
    case .syslog(let path, let facility): DatagramSink(path: path, .syslog(facility: facility))
    case .journal(let path, let facility): DatagramSink(path: path, .journal(facility: facility))
    }
  }
}
