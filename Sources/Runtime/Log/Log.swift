// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc

/// The log: one line per event, written by a thread of its own so that no loop waits for a disk or a terminal.
///
/// Lines that a burst leaves no room for are counted, and the count is logged; the daemon never waits for its log.
package final class Log: Sendable {
  package enum Level: Sendable { case info, warning, error }

  package enum Style: Sendable {
    /// For people: time, service, text, in colour.
    case terminal
    /// As syslog writes it, with `name/service[pid]:`, for log analysers.
    case classic(name: String)
  }

  private struct Buffer {
    var bytes: [UInt8] = []
    var lost = 0
    var stamp = Stamp()
    var writing = false
    var stopping = false
    var descriptor: Int32
  }

  private let monitor: Monitor<Buffer>
  private let style: Style
  private let host: [UInt8]
  private let now: @Sendable () -> Int64

  /// What may wait for the writer.
  private static let maximumBuffer = 4 << 20
  /// The writer collects for this long: under load a few lines per write cost a wake-up each otherwise.
  private static let collectionTime: UInt32 = 2000

  /// Writes to `descriptor`, which stays the caller's.
  package init(_ descriptor: Int32, style: Style, host: String, now: @escaping @Sendable () -> Int64 = wallClock) throws(SystemError) {
    self.style = style
    self.host = Array(host.utf8)
    self.now = now
    monitor = Monitor(Buffer(descriptor: descriptor))
    try Thread(name: "log") { [monitor] in Log.write(monitor) }.detach()
  }

  package func info(_ service: StaticString, _ text: String) { log(.info, service, text) }
  package func warning(_ service: StaticString, _ text: String) { log(.warning, service, text) }
  package func error(_ service: StaticString, _ text: String) { log(.error, service, text) }

  private func log(_ level: Level, _ service: StaticString, _ text: String) {
    let time = now()
    let mustWake = monitor.withLock { buffer -> Bool in
      guard buffer.bytes.count + text.utf8.count < Log.maximumBuffer else {
        buffer.lost += 1
        return false
      }
      let wasEmpty = buffer.bytes.isEmpty
      append(&buffer, level, service, text, time)
      return wasEmpty && !buffer.writing
    }
    if mustWake { monitor.signal() }
  }

  private func append(_ buffer: inout Buffer, _ level: Level, _ service: StaticString, _ text: String, _ time: Int64) {
    switch style {
    case .terminal: TerminalLine.append(to: &buffer.bytes, buffer.stamp.terminal(time), level, service, text)
    case .classic(let name):
      buffer.bytes += buffer.stamp.classic(time)
      buffer.bytes += host
      buffer.bytes += " \(name)/\(service)[\(Machine.processID)]: ".utf8
      if level == .warning { buffer.bytes += "warning: ".utf8 }
      if level == .error { buffer.bytes += "error: ".utf8 }
      PrintableText.append(text, to: &buffer.bytes)
    }
    buffer.bytes.append(UInt8(ascii: "\n"))
  }

  /// From now on writes to the file that `descriptor` is open on, which is closed: the old file was moved away. In the middle of a burst
  /// too, since the log's own descriptor stays and only leads elsewhere.
  package func redirect(to descriptor: Int32) {
    let own = monitor.withLock { $0.descriptor }
    _ = clinux_redirect(own, descriptor)
    closeDescriptor(descriptor)
  }

  /// Returns when all that was logged before has been written.
  package func flush() {
    monitor.withLock { $0.stopping = true }
    monitor.signal()
    monitor.wait { buffer -> Void? in buffer.bytes.isEmpty && !buffer.writing ? () : nil }
    monitor.withLock { $0.stopping = false }
  }

  private static func write(_ monitor: Monitor<Buffer>) {
    var bytes: [UInt8] = []
    while true {
      let inHurry = monitor.wait { buffer -> Bool? in
        guard !buffer.bytes.isEmpty else { return nil }
        buffer.writing = true
        return buffer.stopping
      }
      if !inHurry { usleep(collectionTime) }
      let descriptor = monitor.withLock { buffer -> Int32 in
        swap(&bytes, &buffer.bytes)
        if buffer.lost > 0 {
          bytes += "\(buffer.lost) log lines lost: the log is too slow\n".utf8
          buffer.lost = 0
        }
        return buffer.descriptor
      }
      writeAll(bytes, to: descriptor)
      bytes.removeAll(keepingCapacity: bytes.capacity < 1 << 18)
      monitor.withLock { $0.writing = false }
      monitor.signal()
    }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}

/// The time of a log line, formatted once per second.
struct Stamp {
  private var second: Int64 = .min
  private var text: [UInt8] = []

  /// `Nov 21 01:45:07 `, the day padded with a blank.
  mutating func classic(_ microseconds: Int64) -> [UInt8] {
    refreshed(microseconds) { time in
      let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
      let month = months[max(0, min(11, Int(time.month) - 1))]
      return "\(month) \(time.day < 10 ? " " : "")\(time.day) \(Stamp.clock(time)) "
    }
  }

  /// `01:45:07`.
  mutating func terminal(_ microseconds: Int64) -> [UInt8] { refreshed(microseconds, Stamp.clock) }

  private mutating func refreshed(_ microseconds: Int64, _ format: (clinux_time) -> String) -> [UInt8] {
    let now = microseconds / 1_000_000
    if now != second {
      second = now
      var time = clinux_time()
      clinux_local_time(now, &time)
      text = Array(format(time).utf8)
    }
    return text
  }

  private static func clock(_ time: clinux_time) -> String {
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(two(time.hour)):\(two(time.minute)):\(two(time.second))"
  }
}

/// Text from the network as it may stand in a log or on a terminal: control characters become `?`.
package enum PrintableText {
  package static func append(_ text: String, to bytes: inout [UInt8]) {
    for byte in text.utf8 { bytes.append(byte < 0x20 || byte == 0x7f ? UInt8(ascii: "?") : byte) }
  }
}
