// SPDX-License-Identifier: Apache-2.0
import Events
import Glibc

/// Records that go to every sink.
struct LogBatch {
  var origin: LogOrigin
  var records: [UInt8] = []
  /// Events before these that there was no room for.
  var lost = 0

  init(host: String) { origin = LogOrigin(host: host, processID: Machine.processID, names: []) }

  mutating func setNames(_ names: [String]) {
    origin.names = names.map { Array($0.utf8) }
  }

  /// Those that belong in a log.
  func forEach(_ body: (RecordedEvent) -> Void) {
    records.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while let event = RecordedEvent(&rest) { if !event.kind.isTrace { body(event) } }
    }
  }
}

/// Where a log goes to. Used on the log's thread.
protocol LogSink: AnyObject {
  /// Writes the batch, which may be empty, and what was left of those before; never waits long.
  func write(_ batch: LogBatch, _ stamps: inout Stamps)
  /// When to call `write` again even if nothing happens, because something is left.
  var retryAfter: Duration? { get }
  /// What it has to say itself.
  func takeWarnings() -> [String]
}

extension LogSink {
  func takeWarnings() -> [String] { [] }
}

/// Hands all records on.
final class TraceSink: LogSink {
  private let taker: any TraceTaker

  init(_ taker: any TraceTaker) { self.taker = taker }

  var retryAfter: Duration? { nil }

  func write(_ batch: LogBatch, _ stamps: inout Stamps) {
    if !batch.records.isEmpty || batch.lost > 0 { taker.take(batch.records, lost: batch.lost) }
  }

  func takeWarnings() -> [String] { taker.takeWarnings() }
}

/// A file, a pipe or a terminal. Writing may wait: there is a thread for it.
final class FileSink: LogSink {
  private let descriptor: Int32
  private let style: Log.Style
  private let stamp: LogSettings.Stamp
  private var text: [UInt8] = []

  init(_ descriptor: Int32, _ style: Log.Style, _ stamp: LogSettings.Stamp) {
    self.descriptor = descriptor
    self.style = style
    self.stamp = stamp
  }

  var retryAfter: Duration? { nil }

  func write(_ batch: LogBatch, _ stamps: inout Stamps) {
    if batch.lost > 0 { text += "\(batch.lost) log lines lost: the log is too slow\n".utf8 }
    batch.forEach { event in
      stamps.set(event.time)
      append(event, batch.origin, stamps)
    }
    Terminal.write(text, to: descriptor)
    text.removeAll(keepingCapacity: text.capacity < 1 << 18)
  }

  private func append(_ event: RecordedEvent, _ origin: LogOrigin, _ stamps: Stamps) {
    switch style {
    case .terminal: TerminalLine.append(event, stamp: stamps.terminal, to: &text)
    case .json: JSONLine.append(event, origin, stamp: stamps.rfc3339(event.time), to: &text)
    case .classic:
      let time = stamp == .classic ? stamps.classic : stamps.rfc3339(event.time) + [0x20]
      ClassicLine.append(event, origin, stamp: time, to: &text)
    }
  }
}
